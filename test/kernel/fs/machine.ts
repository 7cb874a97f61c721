import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { buildReference } from '../build.ts';
const profile = PROFILES.x86_64;
const PROMPT = 'auton> ';

/** A kernel with file systems and a shell, and no more than these need. */
export function buildKernel(folder: string, more: string[] = []): Promise<string> {
  return buildReference('x86_64', folder, {
    subsystems: ['boot', 'mm', 'sched', 'dev', 'drivers', 'fs', 'sys', ...more],
  });
}

/** A machine with disks, at its prompt. */
export class ShellMachine {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;
  #text = '';

  private constructor(kernel: string, disks: string[], args: string[]) {
    const drives = disks.flatMap((file, i) => [
      ...['-drive', `file=${file},format=raw,if=none,id=disk${String(i)}`],
      ...['-device', `virtio-blk-pci,drive=disk${String(i)},disable-legacy=on`],
    ]);
    const fixed = [
      '-accel',
      'tcg',
      '-m',
      '128',
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      '-no-reboot',
    ];
    this.#child = spawn(
      profile.qemu,
      ['-machine', 'pc', ...fixed, '-serial', 'stdio', ...drives, ...args, '-kernel', kernel],
      { stdio: ['pipe', 'pipe', 'inherit'], timeout: 120_000, killSignal: 'SIGKILL' },
    );
    this.#child.stdin.on('error', () => {}); // The machine was switched off before it read what was typed.
    this.#child.stdout.on('data', (bytes: Buffer) => (this.#text += bytes.toString('latin1')));
    this.#ended = once(this.#child, 'close');
  }

  static async boot(kernel: string, disks: string[], args: string[] = []): Promise<ShellMachine> {
    const machine = new ShellMachine(kernel, disks, args);
    await machine.#prompt(0);
    return machine;
  }

  async #prompt(from: number): Promise<string> {
    let ended = false;
    void this.#ended.then(() => (ended = true));
    while (!this.#text.slice(from).endsWith(PROMPT)) {
      if (ended) throw new Error(`The machine ended:\n${this.#text}`);
      await Promise.race([once(this.#child.stdout, 'data'), this.#ended]);
    }
    return this.#text.slice(from, -PROMPT.length);
  }

  /** What a command prints. */
  async ask(line: string): Promise<string> {
    const from = this.#text.length;
    this.#child.stdin.write(`${line}\n`);
    const answer = await this.#prompt(from);
    return answer.replaceAll('\r', '').split('\n').slice(1).join('\n');
  }

  /** Types without waiting for an answer. */
  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  get text(): string {
    return this.#text;
  }

  /** As a person does it. */
  async switchOff(): Promise<void> {
    this.type('poweroff');
    await this.#ended;
  }

  /** As a power cut does it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
