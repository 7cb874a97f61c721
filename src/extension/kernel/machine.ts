import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventEmitter, l10n, type Event, type Pseudoterminal, type TerminalDimensions } from 'vscode';
import { errorMessage } from '../../protocol/errors.ts';
import { PROMPT_AT_END } from '../../kernel/prompt.ts';
import type { NodeProgram } from '../common/node.ts';
import { spawnPty, type Pty } from './pty.ts';

export interface MachineOptions {
  extensionPath: string;
  program: () => NodeProgram;
  /** Of the workspace; what the kernel's own folder is called from. */
  folder: string;
  /** Of `auton`, such as `kernel boot --image ...`. */
  args: readonly string[];
  /** The terminal closes with the machine, as that of a task must. */
  closeAtEnd?: boolean;
}

/** QEMU's control socket is a Unix one. */
const HAS_CONTROL = process.platform !== 'win32';
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';
/** How much is remembered to see a prompt, or what a kernel said last. */
const KEPT_CHARACTERS = 64 * 1024;
const LAST_WORDS = /^(?:\[[ \d.]+\] )?(?:KERNEL PANIC|EXCEPTION \d+): .*$/m;
/** They may come in two pieces. */
const LAST_WORDS_CHARACTERS = 80;
/** A kernel that prints without end is slowed down to what an editor can draw. */
const BURST_CHARACTERS = 64 * 1024;
const PAUSE_MS = 40;
const DEFAULT_SIZE = { columns: 80, rows: 24 };

/**
 * A machine that a kernel runs in, and the terminal its serial port is on: `auton kernel boot` on a node-pty. The
 * machine ends with its terminal, and with this process in whatever way that ends, because its own terminal is gone
 * then.
 */
export class Machine implements Pseudoterminal {
  readonly folder: string;
  readonly #options: MachineOptions;
  readonly #written = new EventEmitter<string>();
  readonly #closed = new EventEmitter<number>();
  readonly #changed = new EventEmitter<void>();
  readonly onDidWrite: Event<string> = this.#written.event;
  readonly onDidClose: Event<number> = this.#closed.event;
  /** It began, came to its prompt, died or ended. */
  readonly onDidChange: Event<void> = this.#changed.event;
  #pty: Pty | null = null;
  #size = DEFAULT_SIZE;
  #controlFolder: string | null = null;
  #text = '';
  #burst = 0;
  #again = false;
  #gone = false;
  #died = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.folder = options.folder;
  }

  get running(): boolean {
    return this.#pty !== null;
  }

  /** Its terminal is gone or going: it never runs again. */
  get gone(): boolean {
    return this.#gone;
  }

  /** The kernel waits for a question. */
  get atPrompt(): boolean {
    return this.running && PROMPT_AT_END.test(this.#text);
  }

  /** The kernel printed that it gave up. The machine may go on, for a look at its screen or by a debugger. */
  get died(): boolean {
    return this.#died;
  }

  /** The end of what it printed, without carriage returns. */
  get text(): string {
    return this.#text;
  }

  /** Where `Qmp` reaches the QEMU that runs. */
  get controlSocket(): string | null {
    return this.running && this.#controlFolder !== null ? join(this.#controlFolder, 'qmp') : null;
  }

  open(size: TerminalDimensions | undefined): void {
    this.#size = size ?? DEFAULT_SIZE;
    this.#start();
  }

  setDimensions(size: TerminalDimensions): void {
    this.#size = size;
    try {
      this.#pty?.resize(size.columns, size.rows);
    } catch {
      return; // it has ended, and that it has is still to be told
    }
  }

  handleInput(text: string): void {
    if (this.#pty) this.#pty.write(text);
    else if (/[\r\n]/.test(text)) this.restart();
  }

  /** Switches the machine off; its terminal stays. */
  stop(): void {
    this.#pty?.kill('SIGTERM');
  }

  /** Switches the machine off, if it is on, and boots the same kernel file again. */
  restart(): void {
    if (!this.#pty) return this.#start();
    this.#again = true;
    this.stop();
  }

  /** Waits until a condition holds that `onDidChange` can bring about; false when the machine ended or it is too late. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (met: boolean) => {
        clearTimeout(timer);
        listening.dispose();
        resolve(met);
      };
      const check = () => {
        if (condition()) finish(true);
        else if (!this.running || this.#gone) finish(false);
      };
      const timer = setTimeout(() => finish(condition()), timeoutMs);
      const listening = this.#changed.event(check);
      if (this.running) check();
    });
  }

  /** The terminal was closed: the machine ends. */
  close(): void {
    this.#gone = true;
    this.#again = false;
    this.stop();
    this.#changed.fire();
  }

  #start(): void {
    const { program, folder, args, extensionPath } = this.#options;
    this.#text = '';
    this.#died = false;
    try {
      const { node, script, env } = program();
      this.#controlFolder = HAS_CONTROL ? mkdtempSync(join(tmpdir(), 'auton-qemu-')) : null;
      const control = this.#controlFolder === null ? [] : ['--control', join(this.#controlFolder, 'qmp')];
      this.#pty = spawnPty(extensionPath, {
        ...{ argv: [node, script, '--workspace', folder, ...args, ...control], cwd: folder, env },
        ...this.#size,
      });
    } catch (error) {
      this.#written.fire(`${errorMessage(error).replaceAll('\n', '\r\n')}\r\n`);
      this.#ended(1);
      return;
    }
    const pty = this.#pty;
    pty.onData((text) => this.#print(pty, text));
    pty.onExit(({ exitCode }) => this.#ended(exitCode));
    this.#changed.fire();
  }

  #print(pty: Pty, text: string): void {
    const before = [this.atPrompt, this.#died].join();
    this.#text = (this.#text + text.replaceAll('\r', '')).slice(-KEPT_CHARACTERS);
    this.#written.fire(text);
    this.#died ||= LAST_WORDS.test(this.#text.slice(-text.length - LAST_WORDS_CHARACTERS));
    if ([this.atPrompt, this.#died].join() !== before) this.#changed.fire();
    this.#burst += text.length;
    if (this.#burst < BURST_CHARACTERS) return;
    this.#burst = 0;
    pty.pause();
    setTimeout(() => this.#pty === pty && pty.resume(), PAUSE_MS);
  }

  #ended(code: number): void {
    this.#pty = null;
    if (this.#controlFolder !== null) rmSync(this.#controlFolder, { recursive: true, force: true });
    this.#controlFolder = null;
    const again = this.#again && !this.#gone;
    this.#again = false;
    if (again) {
      this.#written.fire(`\r\n${DIM}${l10n.t('Booting again.')}${RESET}\r\n`);
      this.#start();
      return;
    }
    if (this.#options.closeAtEnd) this.#gone = true;
    this.#changed.fire();
    if (this.#options.closeAtEnd) this.#closed.fire(code);
    else if (!this.#gone)
      this.#written.fire(
        `${DIM}${l10n.t('Press Enter to boot it again, or close this terminal.')}${RESET}\r\n`,
      );
  }
}
