import { PROFILES } from '../../../src/kernel/architectures.ts';
import { QemuSession } from '../../../src/kernel/qemu.ts';
import type { Architecture } from '../../../src/protocol/roles.ts';

/** A kernel that is measured, and what QEMU needs to know of it. */
export interface Candidate {
  image: string;
  /** At the end of what is printed: it is up. */
  prompt: RegExp;
  /** What is printed since a line was typed: it is done with it. */
  answered: RegExp;
  /** What makes it serve a page on port 80. */
  startHttp: (page: string) => string[];
  /** Has Debian's busybox, whose httpd takes port 8080. */
  hasBusybox: boolean;
  cmdline?: string;
  initramfs?: string;
}

/** Where QEMU makes the guest's ports reachable on this machine. */
export interface Ports {
  http: number;
  busybox: number;
  sink: number;
  source: number;
}

const GUEST_PORTS: Ports = { http: 80, busybox: 8080, sink: 5001, source: 5002 };

/** A machine at its prompt: the same for every candidate, with a virtio disk and a virtio network card. */
export class Guest {
  readonly bootMs: number;
  readonly #session: QemuSession;
  readonly #candidate: Candidate;

  private constructor(session: QemuSession, candidate: Candidate) {
    this.#session = session;
    this.#candidate = candidate;
    this.bootMs = performance.now() - session.startedAt;
  }

  static async boot(
    architecture: Architecture,
    candidate: Candidate,
    disk: string,
    ports: Ports,
  ): Promise<Guest> {
    const profile = PROFILES[architecture];
    const forwards = Object.entries(GUEST_PORTS).map(
      ([name, guest]) => `hostfwd=tcp:127.0.0.1:${ports[name as keyof Ports]}-:${guest}`,
    );
    const devices = {
      // The host's disk is none of the guest's business: nothing waits for it.
      disk: [
        ...['-drive', `if=none,id=disk0,file=${disk},format=raw,cache=unsafe`],
        ...['-device', 'virtio-blk-pci,drive=disk0'],
      ],
      net: [
        ...['-netdev', ['user,id=net0', ...forwards].join(',')],
        ...['-device', 'virtio-net-pci,netdev=net0,romfile='],
      ],
      initramfs: candidate.initramfs === undefined ? [] : ['-initrd', candidate.initramfs],
    };
    const session = new QemuSession({
      profile: { ...profile, devices },
      image: candidate.image,
      boot: 'kernel',
      devices: Object.keys(devices),
      ...(candidate.cmdline === undefined ? {} : { cmdline: candidate.cmdline }),
    });
    if ((await session.waitFor(candidate.prompt, 60_000)) === null) {
      const { stderr } = await session.stop();
      throw new Error(`${architecture}: no prompt: ${stderr}${session.serial.since(0).slice(-2000)}`);
    }
    return new Guest(session, candidate);
  }

  /** What a command prints, with its echo. */
  async ask(line: string, timeoutMs = 60_000): Promise<string> {
    const from = this.#session.serial.end;
    this.#session.write(`${line}\n`);
    const answer = await this.#session.waitFor(this.#candidate.answered, timeoutMs, from);
    if (answer !== null) return answer.replaceAll('\r', '');
    throw new Error(`\`${line}\` never came to its end: ${this.#session.serial.since(from)}`);
  }

  /** The lines "what: number unit" that a command prints. */
  async measure(line: string): Promise<Map<string, number>> {
    const text = await this.ask(line);
    const found = text.matchAll(/^([A-Za-z0-9 ]+): (\d+) (?:ns|KB\/s)$/gm);
    const figures = new Map(Array.from(found, ([, what, value]) => [what!, Number(value)]));
    if (figures.size === 0) throw new Error(`\`${line}\` measured nothing: ${text}`);
    return figures;
  }

  async startHttp(page: string): Promise<void> {
    for (const line of this.#candidate.startHttp(page)) await this.ask(line);
  }

  get hasBusybox(): boolean {
    return this.#candidate.hasBusybox;
  }

  async stop(): Promise<void> {
    await this.#session.stop();
  }
}
