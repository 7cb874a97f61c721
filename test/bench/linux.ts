import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { makeArgv } from '../../src/kernel/make.ts';
import { ANSWERED, PROMPT_AT_END } from '../../src/kernel/prompt.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { freePort } from '../kernel/net/machine.ts';
import { median, spread, type Figure } from './figures.ts';
import { debianLinux } from './linux/debian.ts';
import { Guest, type Candidate, type Ports } from './linux/guest.ts';
import { buildInitramfs } from './linux/initramfs.ts';
import { METRICS, measureGuest } from './linux/metrics.ts';

const run = promisify(execFile);

/** Each boots both kernels once, one after the other: what disturbs this machine disturbs both. Linux takes its time. */
const ROUNDS: Record<Architecture, number> = { x86_64: 3, aarch64: 2, riscv64: 2 };
const DISK_MB = 128;
/** One word of a command line, so that the kernel's shell can write it. */
const PAGE = `<title>bench</title><p>${'served.'.repeat(50)}</p>`;
/**
 * Without what guards programs of a real processor from each other: emulated, it would make every system call several
 * times slower, and the reference kernel has no programs to guard.
 */
const UNPROTECTED = 'mitigations=off nokaslr';
const CONSOLE: Record<Architecture, string> = { x86_64: 'ttyS0', aarch64: 'ttyAMA0', riscv64: 'ttyS0' };

/** The reference kernel beside Debian's Linux on the same machine. */
export async function linuxFigures(architecture: Architecture): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-'));
  try {
    return await compare(architecture, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(architecture: Architecture, folder: string): Promise<Figure[]> {
  const rounds = ROUNDS[architecture];
  const linux = await debianLinux(architecture);
  const theirs: Candidate = {
    image: linux.kernel,
    initramfs: await buildInitramfs(architecture, linux, `${PAGE}\n`, folder),
    cmdline: `console=${CONSOLE[architecture]} quiet panic=-1 ${UNPROTECTED}`,
    prompt: /(?:^|\n)linux> $/,
    answered: /(?:^|\n)linux> $/,
    startHttp: () => ['serve'],
    hasBusybox: true,
  };
  const ours: Candidate = {
    image: await buildKernel(architecture, folder),
    prompt: PROMPT_AT_END,
    answered: ANSWERED,
    startHttp: (page) => ['mkdir /srv /srv/www', `write /srv/www/index.html ${page}`, 'serve'],
    hasBusybox: false,
  };
  const disk = join(folder, 'disk.img');
  writeFileSync(disk, '');
  truncateSync(disk, DISK_MB << 20);
  await run('mkfs.ext2', ['-q', '-F', disk]);
  const samples = { ours: new Map<string, number[]>(), theirs: new Map<string, number[]>() };
  for (let round = 0; round < rounds; round++)
    for (const [candidate, into] of [
      [ours, samples.ours],
      [theirs, samples.theirs],
    ] as const) {
      console.error(
        `  ${architecture}, round ${round + 1} of ${rounds}: ${candidate === ours ? 'AUTON' : 'Linux'}`,
      );
      await measureOnce(architecture, candidate, disk, into);
    }
  return METRICS.map((metric) => {
    const [own, other] = [samples.ours.get(metric.key) ?? [], samples.theirs.get(metric.key) ?? []];
    return {
      name: `${metric.name}, ${architecture}`,
      value: median(own),
      unit: metric.unit,
      beside: { name: `Linux ${linux.version}`, value: median(other), better: metric.better },
      note: `${metric.how}; ${spread(own, '')}beside ${spread(other, metric.unit)}`,
    };
  });
}

async function measureOnce(
  architecture: Architecture,
  candidate: Candidate,
  disk: string,
  into: Map<string, number[]>,
): Promise<void> {
  const ports: Ports = {
    http: await freePort(),
    busybox: await freePort(),
    sink: await freePort(),
    source: await freePort(),
  };
  const guest = await Guest.boot(architecture, candidate, disk, ports);
  try {
    const measured = await measureGuest(guest, ports, PAGE, PROFILES[architecture].memoryMb);
    for (const [key, value] of measured) into.set(key, [...(into.get(key) ?? []), value]);
  } finally {
    await guest.stop();
  }
}

async function buildKernel(architecture: Architecture, folder: string): Promise<string> {
  const out = join(folder, 'kernel');
  const [make, ...args] = makeArgv({ architecture, target: 'kernel', out });
  await run(make, args, { cwd: assets().referenceKernel, maxBuffer: 1 << 26 });
  return join(out, 'kernel.elf');
}
