import type { Readable, Writable } from 'node:stream';
import { UserError } from '../protocol/errors.ts';
import { ANSWERED, LOG_ABOVE_PROMPT, PROMPT_AT_END } from './prompt.ts';
import { QemuSession } from './qemu.ts';
import type { QemuExit, QemuOptions } from './qemu.ts';

/** Where a person sits; `process.stdin` and `process.stdout` are one. */
export interface Terminal {
  input: Readable & Partial<Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode'>>;
  output: Writable;
}

/** What a person types to leave the machine: Ctrl-]. */
const LEAVE = '\x1d';

/**
 * Boots a kernel with its serial port on the terminal; resolves when the machine ends or the person leaves it. `show`
 * may add to what the kernel prints.
 */
export async function bootInteractive(
  options: QemuOptions,
  { input, output }: Terminal,
  show: (text: string) => string = (text) => text,
): Promise<QemuExit> {
  const session = new QemuSession({ devices: options.profile.interactiveDevices, ...options });
  session.serial.onText((text) => output.write(show(text)));
  const type = (bytes: Buffer) => {
    const text = bytes.toString();
    if (text.includes(LEAVE)) void session.stop();
    else session.write(text);
  };
  // Raw, so that the kernel sees every key and echoes it itself.
  const raw = input.isTTY;
  if (raw) input.setRawMode?.(true);
  input.on('data', type);
  try {
    return await session.exited;
  } finally {
    input.off('data', type);
    if (raw) input.setRawMode?.(false);
    input.pause();
    await session.stop();
  }
}

/** A booted kernel that answers questions. Stop it when done. */
export class KernelChat {
  readonly session: QemuSession;
  /** What the kernel printed until its first prompt. */
  readonly greeting: string;

  private constructor(session: QemuSession, greeting: string) {
    this.session = session;
    this.greeting = greeting;
  }

  /** Boots and waits for the prompt; a UserError with the end of the serial log when none comes. */
  static async start(options: QemuOptions, bootTimeoutMs = 30_000): Promise<KernelChat> {
    const session = new QemuSession({ devices: options.profile.interactiveDevices, ...options });
    const greeting = await session.waitFor(PROMPT_AT_END, bootTimeoutMs);
    if (greeting !== null) return new KernelChat(session, withoutPrompt(greeting));
    const exit = await session.stop();
    const seen = session.serial.since(0).split('\n').slice(-10).join('\n').trim();
    throw new UserError(
      `The kernel did not reach its prompt${exit.stderr ? ` (QEMU: ${exit.stderr})` : ''}. Its last lines:\n${seen || '(nothing)'}`,
      'Run `auton validate --build --test` on this workspace to see what is wrong with it.',
    );
  }

  /** One line typed at the prompt; what the kernel prints until its next prompt. */
  async ask(line: string, timeoutMs = 30_000): Promise<string> {
    const from = this.session.serial.end;
    this.session.write(`${line.replace(/[\r\n]+/g, ' ')}\n`);
    const answer = await this.session.waitFor(ANSWERED, timeoutMs, from);
    if (answer !== null) return withoutPrompt(withoutEcho(answer, line));
    const rest = this.session.serial.since(from).trim();
    const what = this.session.running ? `did not answer within ${timeoutMs / 1000} s` : 'ended';
    throw new UserError(`The kernel ${what}.${rest ? ` It printed: ${rest}` : ''}`, 'Boot it again.');
  }

  async stop(): Promise<void> {
    await this.session.stop();
  }
}

function withoutPrompt(text: string): string {
  return text.replaceAll('\r', '').replace(PROMPT_AT_END, '').replace(/^\n+/, '').trimEnd();
}

/** The kernel echoes what is typed, as one line. */
function withoutEcho(answer: string, line: string): string {
  const text = answer.replace(LOG_ABOVE_PROMPT, '');
  const end = text.indexOf('\n');
  return end >= 0 && text.slice(0, end).trim() === line.trim() ? text.slice(end + 1) : text;
}
