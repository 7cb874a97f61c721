import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { UserError } from '../protocol/errors.ts';
import type { ArchitectureProfile } from './architectures.ts';
import { bootImage } from './boot-image.ts';
import { SerialText } from './serial.ts';
import { requireProgram } from './toolchain.ts';

export type Accelerator = 'tcg' | 'kvm' | 'hvf' | 'whpx';

export interface QemuOptions {
  profile: ArchitectureProfile;
  /** A kernel, or boot media; QEMU opens it read-only. */
  image: string;
  boot: 'kernel' | 'iso';
  /** For `kernel` only: boot media carry their own. */
  cmdline?: string;
  /** Names from the profile. */
  devices?: readonly string[];
  memoryMb?: number;
  accel?: Accelerator;
  /**
   * With TCG: the guest's clock counts its instructions, each 2^shift ns, and skips what it waits for. What it measures is
   * then the same on every machine, however busy.
   */
  instructionClock?: { shift: number };
  /** Another QEMU than the profile's, a name or a path. */
  binary?: string | undefined;
  env?: Record<string, string | undefined>;
  /** A port of this machine's loopback where a debugger can attach. */
  gdbPort?: number;
  /** The processor waits for the debugger's word. */
  halted?: boolean;
  /** A Unix socket that QEMU makes for `Qmp`. Who reaches it can read and write files: keep its folder private. */
  controlSocket?: string;
  /** Everything that comes over the serial port is written here, too. */
  serialLog?: string;
  /** The machine is stopped when it prints more. */
  maxSerialBytes?: number;
  /** The machine is stopped after so long. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Why a machine is no longer running. `exited`: by itself. */
export type QemuEnd = 'exited' | 'stopped' | 'timeout' | 'aborted' | 'flooded';

export interface QemuExit {
  end: QemuEnd;
  /** null when QEMU was ended by a signal. */
  code: number | null;
  /** What QEMU itself had to say. */
  stderr: string;
}

/**
 * One virtual machine. It has no network but QEMU's own, sees no file but its image, and is gone when it is stopped,
 * its time is up, its signal aborts or this process dies in whatever way.
 */
export class QemuSession {
  readonly argv: readonly string[];
  readonly serial = new SerialText();
  readonly exited: Promise<QemuExit>;
  /** Milliseconds of `performance.now()`. */
  readonly startedAt = performance.now();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #end: QemuEnd = 'exited';
  #running = true;

  /** Starts the machine; a UserError when there is no QEMU. */
  constructor(options: QemuOptions) {
    const env = options.env ?? process.env;
    const binary = requireProgram(options.binary ?? options.profile.qemu, env);
    this.argv = [binary, ...qemuArgs(options)];
    const [program = binary, ...args] = [...launcher(env), ...this.argv];
    const log = options.serialLog === undefined ? undefined : openSync(options.serialLog, 'w');
    // QEMU gets no more environment than it needs, above all no keys.
    this.#child = spawn(program, args, {
      stdio: 'pipe',
      cwd: '/',
      env: { PATH: env['PATH'], HOME: '/nonexistent' },
    });
    this.#child.stdin.on('error', () => {}); // The machine ended before it read what was typed.

    let received = 0;
    const limit = options.maxSerialBytes ?? Infinity;
    this.#child.stdout.on('data', (bytes: Buffer) => {
      const kept = bytes.subarray(0, Math.max(0, limit - received));
      received += bytes.length;
      if (log !== undefined) writeSync(log, kept);
      if (kept.length > 0) this.serial.append(kept);
      if (received > limit) this.#kill('flooded');
    });
    let stderr = '';
    this.#child.stderr.on('data', (bytes: Buffer) => (stderr = (stderr + bytes.toString()).slice(-4096)));

    const timer = options.timeoutMs && setTimeout(() => this.#kill('timeout'), options.timeoutMs);
    const abort = () => this.#kill('aborted');
    options.signal?.addEventListener('abort', abort);
    this.exited = new Promise((resolve) => {
      const finish = (code: number | null) => {
        if (!this.#running) return;
        this.#running = false;
        clearTimeout(timer || undefined);
        options.signal?.removeEventListener('abort', abort);
        if (log !== undefined) closeSync(log);
        resolve({ end: this.#end, code, stderr: stderr.trim() });
      };
      this.#child.on('close', finish);
      this.#child.on('error', (error) => {
        stderr = `QEMU could not be started: ${error.message}`;
        finish(null);
      });
    });
    if (options.signal?.aborted) abort();
  }

  /** The process to watch. */
  get pid(): number {
    return this.#child.pid!;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Types on the machine's serial port. */
  write(text: string): void {
    if (this.#running) this.#child.stdin.write(text);
  }

  /**
   * Waits until the text from `from` on (by default everything still kept) matches, and resolves with the text up to
   * the end of the match; null when the machine ended or the time is up before.
   */
  async waitFor(pattern: RegExp, timeoutMs: number, from = 0): Promise<string | null> {
    let stopListening = () => {};
    let timer: NodeJS.Timeout | undefined;
    const search = () => {
      const text = this.serial.since(from);
      const match = pattern.exec(text);
      return match ? text.slice(0, match.index + match[0].length) : null;
    };
    const found = new Promise<string>((resolve) => {
      const check = () => {
        const text = search();
        if (text !== null) resolve(text);
      };
      stopListening = this.serial.onText(check);
      check();
    });
    const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), timeoutMs)));
    try {
      return await Promise.race([found, late, this.exited.then(search)]);
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  /** Ends the machine at once; resolves when its process is gone. */
  async stop(): Promise<QemuExit> {
    this.#kill('stopped');
    return this.exited;
  }

  #kill(end: QemuEnd): void {
    if (!this.#running || this.#end !== 'exited') return;
    this.#end = end;
    this.#child.kill('SIGKILL');
  }
}

function qemuArgs(options: QemuOptions): string[] {
  const { profile } = options;
  const devices = (options.devices ?? []).flatMap((name) => {
    const args = profile.devices[name];
    if (args) return args;
    const known = Object.keys(profile.devices).join(', ');
    throw new UserError(`There is no device "${name}" for ${profile.name}.`, `Use one of: ${known}.`);
  });
  const image =
    options.boot === 'kernel'
      ? [
          '-kernel',
          bootImage(options.image, profile),
          ...(options.cmdline ? ['-append', options.cmdline] : []),
        ]
      : ['-drive', `file=${options.image.replaceAll(',', ',,')},format=raw,media=cdrom,readonly=on`];
  const accel = options.accel ?? 'tcg';
  return [
    ...profile.machine,
    // The bound keeps a guest from making QEMU grow by translated code.
    ...['-accel', accel === 'tcg' ? 'tcg,tb-size=64' : accel],
    ...(options.instructionClock ? ['-icount', `shift=${options.instructionClock.shift},sleep=off`] : []),
    ...['-m', String(options.memoryMb ?? profile.memoryMb)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-chardev', 'stdio,id=serial0,signal=off', '-serial', 'chardev:serial0'],
    ...(process.platform === 'linux'
      ? ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny']
      : []),
    ...profile.exit.args,
    ...devices,
    ...(options.gdbPort === undefined ? [] : ['-gdb', `tcp:127.0.0.1:${options.gdbPort}`]),
    ...(options.halted ? ['-S'] : []),
    ...(options.controlSocket === undefined
      ? []
      : ['-qmp', `unix:${options.controlSocket.replaceAll(',', ',,')},server=on,wait=off`]),
    ...image,
  ];
}

/** On Linux the kernel kills QEMU when this process dies, however it dies. */
function launcher(env: Record<string, string | undefined>): string[] {
  return process.platform === 'linux' ? [requireProgram('setpriv', env), '--pdeathsig', 'KILL', '--'] : [];
}
