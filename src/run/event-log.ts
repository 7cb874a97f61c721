import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { readLines, writeAll } from '../agents/json-lines.ts';
import { UserError } from '../protocol/errors.ts';
import { EVENT_LOG_VERSION, type EventBody, type RunEvent } from '../protocol/events.ts';
import { runEventSchema } from '../protocol/schema/events.ts';

const datasync = promisify(fdatasync);

interface Waiting {
  event: RunEvent;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The append-only log of a run. An event is on the disk before anybody sees its effect: `append` resolves, and
 * `onDurable` is called, only after the sync. Events that arrive while a sync is under way share the next one.
 */
export class EventLog {
  readonly #fd: number;
  #nextSeq: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #failure: unknown = null;
  #closed = false;
  readonly #onDurable: (event: RunEvent) => void;

  /** Opens the log for appending after `lastSeq`; `readEventLog` gave that and cut off a torn line. */
  constructor(file: string, lastSeq: number, onDurable: (event: RunEvent) => void) {
    this.#fd = openSync(file, 'a', 0o600);
    this.#nextSeq = lastSeq + 1;
    this.#onDurable = onDurable;
  }

  append(body: EventBody): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#writeError(this.#failure));
    if (this.#closed)
      return Promise.reject(
        new UserError('The run has ended.', 'Continue it with `auton resume`, or start another.'),
      );
    const event: RunEvent = { seq: this.#nextSeq++, at: new Date().toISOString(), ...body };
    const done = new Promise<void>((resolve, reject) => this.#waiting.push({ event, resolve, reject }));
    this.#flushing ??= this.#flush();
    return done;
  }

  /** Waits for everything appended so far, then closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#flushing) await this.#flushing;
    closeSync(this.#fd);
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // let events of the same tick join
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        writeAll(this.#fd, batch.map(({ event }) => `${JSON.stringify(event)}\n`).join(''));
        await datasync(this.#fd);
      } catch (error) {
        // After a failed write nothing later may be written: the log would have a hole.
        this.#failure = error;
        for (const { reject } of [...batch, ...this.#waiting]) reject(this.#writeError(error));
        this.#waiting = [];
        break;
      }
      for (const { event, resolve } of batch) {
        this.#onDurable(event);
        resolve();
      }
    }
    this.#flushing = null;
  }

  #writeError(cause: unknown): UserError {
    return new UserError(
      `The event log cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Free some disk space, then continue with `auton resume`; nothing that was logged is lost.',
      { cause },
    );
  }
}

/**
 * Reads a log. A torn last line (a crash in the middle of a write) is ignored, and cut off when `repair` is set;
 * any other damage is an error, because a fold over a log with a hole would be a lie.
 */
export function readEventLog(file: string, options: { repair?: boolean } = {}): RunEvent[] {
  return readLines(file, options).map((line, index) => parseLine(line, index, file));
}

function parseLine(line: string, index: number, file: string): RunEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw damaged(file, index, 'it is not JSON', cause);
  }
  const version = (value as { type?: unknown; version?: unknown } | null)?.version;
  if (index === 0 && version !== EVENT_LOG_VERSION) {
    throw new UserError(
      `${file} is of format ${String(version)}; this version reads format ${EVENT_LOG_VERSION}.`,
      'Use the version of AUTON that wrote it, or start a new run.',
    );
  }
  const parsed = runEventSchema.safeParse(value);
  if (!parsed.success) throw damaged(file, index, parsed.error.issues[0]?.message ?? 'it is not an event');
  if (parsed.data.seq !== index + 1) throw damaged(file, index, `it is number ${parsed.data.seq}`);
  return parsed.data;
}

function damaged(file: string, index: number, what: string, cause?: unknown): UserError {
  return new UserError(
    `Line ${index + 1} of ${file} is damaged: ${what}.`,
    'Restore the file from a backup, or move the run folder away and start a new run; merged work is in git.',
    { cause },
  );
}
