import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { buildReference } from '../build.ts';
const PROMPT = 'auton> ';

/** A kernel with file systems and a shell, and no more than these need. */
export function buildKernel(folder: string, more: string[] = []): Promise<string> {
  return buildReference('x86_64', folder, {
    subsystems: ['boot', 'mm', 'sched', 'dev', 'drivers', 'fs', 'sys', ...more],
  });
}

/** How disks are attached: by the name of their drive. */
export type Controller = (drive: string) => string[];
export const virtioDisk: Controller = (drive) => [
  '-device',
  `virtio-blk-pci,drive=${drive},disable-legacy=on`,
];

/** A PC whose BIOS starts disks, or another machine with the arguments that give it a firmware that does. */
export interface Computer {
  qemu: string;
  machine: string[];
  firmware: string[];
}
const PC: Computer = { qemu: PROFILES.x86_64.qemu, machine: ['-machine', 'pc'], firmware: [] };

/** A machine with disks, at its prompt; without a kernel it starts from the first disk. */
export class ShellMachine {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;
  #text = '';

  private constructor(
    kernel: string | undefined,
    disks: string[],
    args: string[],
    attach: Controller,
    computer: Computer,
  ) {
    const drives = disks.flatMap((file, i) => [
      ...['-drive', `file=${file},format=raw,if=none,id=disk${String(i)}`],
      ...attach(`disk${String(i)}`),
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
      computer.qemu,
      [
        ...[...computer.machine, ...fixed, '-serial', 'stdio', ...drives, ...args],
        ...(kernel === undefined ? computer.firmware : ['-kernel', kernel]),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], timeout: 250_000, killSignal: 'SIGKILL' },
    );
    // One that a failed test has left would outlive the tests, and whoever reads their output would wait for it.
    const kill = () => this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#child.once('close', () => process.off('exit', kill));
    this.#child.stdin.on('error', () => {}); // The machine was switched off before it read what was typed.
    this.#child.stdout.on('data', (bytes: Buffer) => (this.#text += bytes.toString('latin1')));
    this.#ended = once(this.#child, 'close');
  }

  static async boot(
    kernel: string | undefined,
    disks: string[],
    args: string[] = [],
    attach = virtioDisk,
    computer = PC,
  ): Promise<ShellMachine> {
    const machine = new ShellMachine(kernel, disks, args, attach, computer);
    await machine.#prompt(0);
    return machine;
  }

  /** What a machine that starts from its disk says up to the end of a line with this; it is switched off then. */
  static async says(disk: string, expected: RegExp): Promise<string> {
    const machine = new ShellMachine(undefined, [disk], [], virtioDisk, PC);
    const timer = setTimeout(() => void machine.kill(), 20_000);
    await machine.#until(() => expected.test(machine.#text));
    clearTimeout(timer);
    await machine.kill();
    return machine.#text;
  }

  async #until(satisfied: () => boolean): Promise<void> {
    let ended = false;
    void this.#ended.then(() => (ended = true));
    while (!satisfied()) {
      if (ended) throw new Error(`The machine ended:\n${this.#text}`);
      await Promise.race([once(this.#child.stdout, 'data'), this.#ended]);
    }
  }

  async #prompt(from: number): Promise<string> {
    await this.#until(() => this.#text.slice(from).endsWith(PROMPT));
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
