import type { Guest, Ports } from './guest.ts';
import { receiveRate, requestRate, sendRate } from './traffic.ts';

export interface Metric {
  key: string;
  name: string;
  unit: string;
  better: 'less' | 'more';
  /** What each side really does: AUTON; Linux. */
  how: string;
}

const TCP_MB = 32;
const REQUESTS = 400;
const KEPT_REQUESTS = 1000;
const FORKED_REQUESTS = 150;

export const METRICS: readonly Metric[] = [
  {
    key: 'boot',
    name: 'QEMU start to prompt',
    unit: 'ms',
    better: 'less',
    how: 'everything on; kernel, four modules and a static program as init, no systemd',
  },
  {
    key: 'memory',
    name: 'Memory used at the prompt',
    unit: 'MB',
    better: 'less',
    how: 'of all the machine has, what is not free; without the pool that is kept for the SLM',
  },
  {
    key: 'context switch',
    name: 'Context switch',
    unit: 'ns',
    better: 'less',
    how: 'wake-up and wait between two kernel threads; between two threads of a process, by futex',
  },
  {
    key: 'IPC round trip',
    name: 'IPC round trip',
    unit: 'ns',
    better: 'less',
    how: '64 bytes and an answer between two kernel threads over channels; between two processes over pipes',
  },
  {
    key: 'page fault',
    name: 'Page fault',
    unit: 'ns',
    better: 'less',
    how: 'fault, frame, zeros and mapping; first touch of anonymous memory',
  },
  {
    key: 'ext2 write',
    name: 'ext2 sequential write',
    unit: 'MB/s',
    better: 'more',
    how: '16 MB in blocks of 64 KB with fsync, virtio',
  },
  {
    key: 'ext2 read',
    name: 'ext2 sequential read',
    unit: 'MB/s',
    better: 'more',
    how: 'the same file with nothing cached in the guest',
  },
  {
    key: 'send',
    name: 'TCP to the guest',
    unit: 'MB/s',
    better: 'more',
    how: `${TCP_MB} MB from a program on the host, virtio`,
  },
  {
    key: 'receive',
    name: 'TCP from the guest',
    unit: 'MB/s',
    better: 'more',
    how: `${TCP_MB} MB to a program on the host`,
  },
  {
    key: 'http',
    name: 'HTTP, a connection for each request',
    unit: 'requests/s',
    better: 'more',
    how: `ab -c 8, ${REQUESTS} of a small file; Linux: the least that answers, by epoll`,
  },
  {
    key: 'kept',
    name: 'HTTP, connections kept',
    unit: 'requests/s',
    better: 'more',
    how: `ab -k -c 8, ${KEPT_REQUESTS}; as above`,
  },
  {
    key: 'busybox',
    name: "HTTP beside Debian's busybox httpd",
    unit: 'requests/s',
    better: 'more',
    how: 'a connection for each request; busybox forks for each',
  },
];

/** Everything in METRICS of a machine that has just come to its prompt. */
export async function measureGuest(
  guest: Guest,
  ports: Ports,
  page: string,
  machineMb: number,
): Promise<Map<string, number>> {
  const figures = new Map([
    ['boot', guest.bootMs],
    ['memory', machineMb - (await memoryFreeMb(guest))],
    ...(await guest.measure('bench cpu')),
  ]);
  for (const [what, kilobytes] of await guest.measure('bench disk vda')) figures.set(what, kilobytes / 1024);
  await guest.ask('bench tcp');
  figures.set('send', await sendRate(ports.sink, TCP_MB));
  figures.set('receive', await receiveRate(ports.source, TCP_MB));
  await guest.startHttp(page);
  figures.set('http', await requestRate(ports.http, REQUESTS, false));
  figures.set('kept', await requestRate(ports.http, KEPT_REQUESTS, true));
  if (guest.hasBusybox) {
    await guest.ask('serve busybox');
    figures.set('busybox', await requestRate(ports.busybox, FORKED_REQUESTS, false));
  } else {
    figures.set('busybox', figures.get('http')!);
  }
  return figures;
}

/** The SLM's pool counts as free: Linux keeps no memory for a model. */
async function memoryFreeMb(guest: Guest): Promise<number> {
  const text = await guest.ask('cat /proc/meminfo');
  const megabytes = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return megabytes('MemFree') + megabytes('SlmPool');
}
