import { open, type FileHandle } from 'node:fs/promises';
import { l10n } from 'vscode';
import { EVENT_LOG_VERSION, type RunEvent } from '../../protocol/events.ts';
import { hasCode, UserError } from '../../protocol/errors.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads what was added to an event log since the last call, in pieces so that the extension host stays responsive.
 * The engine has checked every event it wrote; here only what the fold would stumble over is looked at.
 */
export class LogReader {
  readonly file: string;
  #offset = 0;
  #seq = 0;
  /** The beginning of a line whose end is not written yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: string) {
    this.file = file;
  }

  /** Everything up to this event is known from elsewhere; it is skipped when it is read. */
  skipTo(seq: number): void {
    this.#seq = Math.max(this.#seq, seq);
  }

  /** Calls `onEvents` with the new events. A UserError says what is wrong with the log. */
  async read(onEvents: (events: RunEvent[]) => void): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(this.file, 'r');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return;
      throw error;
    }
    try {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        const bytes = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
        const end = bytes.lastIndexOf(0x0a) + 1;
        this.#rest = Buffer.from(bytes.subarray(end));
        const events = this.#parse(bytes.toString('utf8', 0, end));
        if (events.length > 0) onEvents(events);
      }
    } finally {
      await file.close();
    }
  }

  #parse(text: string): RunEvent[] {
    const events: RunEvent[] = [];
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const event = this.#parseLine(line);
      if (event.seq <= this.#seq) continue;
      if (event.seq !== this.#seq + 1) throw this.#damaged(l10n.t('event {0} is missing', this.#seq + 1));
      this.#seq = event.seq;
      events.push(event);
    }
    return events;
  }

  #parseLine(line: string): RunEvent {
    let value: { seq?: unknown; at?: unknown; type?: unknown; version?: unknown };
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      throw this.#damaged(l10n.t('the line after event {0} is not JSON', this.#seq));
    }
    if (value.type === 'run.started' && value.version !== EVENT_LOG_VERSION) {
      throw new UserError(
        l10n.t(
          '{0} is of format {1}; this version reads format {2}.',
          this.file,
          String(value.version),
          EVENT_LOG_VERSION,
        ),
        l10n.t('Use the version of AUTON that wrote it, or start a new run.'),
      );
    }
    if (typeof value.seq !== 'number' || typeof value.at !== 'string' || typeof value.type !== 'string') {
      throw this.#damaged(l10n.t('what follows event {0} is not an event', this.#seq));
    }
    return value as RunEvent;
  }

  #damaged(what: string): UserError {
    return new UserError(
      l10n.t('The event log {0} is damaged: {1}.', this.file, what),
      l10n.t('Restore it from a backup, or move the run folder away; merged work is in git.'),
    );
  }
}
