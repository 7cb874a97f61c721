import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { bootImage } from '../../../src/kernel/boot-image.ts';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import type { Architecture } from '../../../src/protocol/roles.ts';
import { buildReference } from '../build.ts';

/** What the drivers' tests need and nothing that would take their devices from them. */
const SUBSYSTEMS = ['boot', 'mm', 'sched', 'dev', 'drivers', 'sys'];

export async function buildKernel(architecture: Architecture, folder: string): Promise<string> {
  const kernel = await buildReference(architecture, folder, { subsystems: SUBSYSTEMS });
  return bootImage(kernel, PROFILES[architecture]);
}

export interface MachineOptions {
  architecture: Architecture;
  kernel: string;
  cmdline: string;
  args: string[];
  /** Instead of the profile's machine. */
  machine?: string[];
}

function argv({ architecture, kernel, cmdline, args, machine }: MachineOptions): string[] {
  const profile = PROFILES[architecture];
  const fixed = [
    '-accel',
    'tcg',
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-no-reboot',
    '-m',
    '128',
  ];
  return [
    ...(machine ?? profile.machine),
    ...fixed,
    ...profile.exit.args,
    ...['-serial', 'stdio', '-append', cmdline, ...args, '-kernel', kernel],
  ];
}

/** A machine that runs until it is stopped or ends by itself. */
export class Machine {
  #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #text = '';
  readonly ended: Promise<unknown>;

  constructor(options: MachineOptions) {
    this.#child = spawn(PROFILES[options.architecture].qemu, argv(options), {
      stdio: 'pipe',
      timeout: 250_000,
      killSignal: 'SIGKILL',
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (bytes: Buffer) => (this.#text += bytes.toString('latin1')));
    this.ended = once(this.#child, 'close');
  }

  get text(): string {
    return this.#text;
  }

  /** Resolves when the pattern has been printed; rejects with what was printed instead when the machine ends. */
  async printed(pattern: RegExp): Promise<void> {
    let ended = false;
    void this.ended.then(() => (ended = true));
    while (!pattern.test(this.#text)) {
      if (ended) throw new Error(`never printed ${String(pattern)}:\n${this.#text}`);
      await Promise.race([once(this.#child.stdout, 'data'), this.ended]);
    }
  }

  /** Types on the serial port. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

/** Boots to the end of its self-tests; resolves with all that the machine has printed. */
export async function selfTests(options: MachineOptions): Promise<string> {
  const machine = new Machine({ ...options, cmdline: `${options.cmdline} exit` });
  await machine.ended;
  return machine.text;
}

/** One command for QEMU's monitor on a Unix socket, carried out when this resolves. */
export async function monitor(path: string, command: string): Promise<void> {
  const socket = connect(path);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const prompts = async (count: number) => {
    while (text.split('(qemu) ').length <= count) await once(socket, 'data');
  };
  await prompts(1);
  socket.write(`${command}\n`);
  await prompts(2);
  socket.destroy();
}

/** The rows of text that a picture (PPM) shows in the font of the kernel's framebuffer console. */
export function readPicture(ppm: Buffer, font: string): string[] {
  const CELL = { width: 12, height: 16, dot: 2 };
  const glyphs = new Map<string, string>();
  for (const [, name = '', rows = ''] of font.matchAll(/\['(\\?.)' - ' '\] = \{([^}]*)\}/g))
    glyphs.set(rows.split(', ').map(Number).join(), name.slice(-1));
  const [header, width = '', height = ''] =
    /^P6\n(\d+) (\d+)\n255\n/.exec(ppm.toString('latin1', 0, 40)) ?? [];
  if (header === undefined) throw new Error('not a picture');
  const lit = (x: number, y: number) => ppm[header.length + 3 * (y * Number(width) + x)]! > 127;
  const glyph = (row: number, column: number) => {
    const lines = Array.from({ length: 7 }, (_, line) =>
      Array.from({ length: 5 }, (__, dot) => {
        const x = column * CELL.width + 1 + dot * CELL.dot;
        return lit(x, row * CELL.height + 1 + line * CELL.dot) ? 16 >> dot : 0;
      }).reduce((a, b) => a + b),
    );
    return glyphs.get(lines.join()) ?? '\ufffd';
  };
  return Array.from({ length: Math.floor(Number(height) / CELL.height) }, (_, row) =>
    Array.from({ length: Math.floor(Number(width) / CELL.width) }, (__, column) => glyph(row, column))
      .join('')
      .trimEnd(),
  );
}

/** The other end of a card's cable: keeps every frame, and sends back those of type 0x88B5 with the ends exchanged. */
export class EchoPeer {
  readonly frames: Buffer[] = [];
  readonly #socket: Socket = createSocket('udp4');

  /** Resolves with the arguments of the network backend named `id`. */
  async plug(id: string): Promise<string[]> {
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    const here = this.#socket.address().port;
    const there = await freePort();
    this.#socket.on('message', (frame) => {
      this.frames.push(frame);
      if (frame.readUInt16BE(12) !== 0x88b5) return;
      const mine = Buffer.from('020000000001', 'hex');
      this.#socket.send(Buffer.concat([frame.subarray(6, 12), mine, frame.subarray(12)]), there, '127.0.0.1');
    });
    const end = (name: string, port: number) =>
      `${name}.type=inet,${name}.host=127.0.0.1,${name}.port=${port}`;
    return ['-netdev', `dgram,id=${id},${end('local', there)},${end('remote', here)}`];
  }

  unplug(): void {
    this.#socket.close();
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
