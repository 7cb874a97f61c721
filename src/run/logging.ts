import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Config } from '../protocol/config.ts';
import type { EventBody, RunEvent } from '../protocol/events.ts';

type Level = Config['logging']['level'];
type Book = 'orchestrator' | 'agent';

const RANK: Record<Level, number> = { error: 0, warn: 1, info: 2, debug: 3 };

/** The book each kind of event goes to, and how much it matters when nothing went wrong. */
const PLACES: Record<EventBody['type'], [Book, Level]> = {
  'run.started': ['orchestrator', 'info'],
  'run.resumed': ['orchestrator', 'info'],
  'run.paused': ['orchestrator', 'warn'],
  'run.continued': ['orchestrator', 'info'],
  'run.finished': ['orchestrator', 'info'],
  'budget.changed': ['orchestrator', 'info'],
  'budget.warned': ['orchestrator', 'warn'],
  notice: ['orchestrator', 'info'],
  'tasks.added': ['orchestrator', 'info'],
  'task.state': ['orchestrator', 'info'],
  'attempt.started': ['orchestrator', 'info'],
  'attempt.ended': ['orchestrator', 'info'],
  'session.started': ['agent', 'info'],
  'session.ended': ['agent', 'info'],
  'model.called': ['agent', 'debug'],
  'model.answered': ['agent', 'info'],
  'model.failed': ['agent', 'error'],
  'stage.progress': ['agent', 'debug'],
  'tool.called': ['agent', 'debug'],
  'tool.finished': ['agent', 'debug'],
  'agent.nudged': ['agent', 'warn'],
  'evidence.recorded': ['orchestrator', 'info'],
  'review.awaits_user': ['orchestrator', 'info'],
  'review.submitted': ['orchestrator', 'info'],
  'merge.started': ['orchestrator', 'info'],
  'merge.conflicted': ['orchestrator', 'warn'],
  'merge.validated': ['orchestrator', 'debug'],
  'merge.finished': ['orchestrator', 'info'],
  'message.sent': ['agent', 'info'],
  'message.delivered': ['agent', 'debug'],
  'question.asked': ['agent', 'info'],
  'question.answered': ['agent', 'info'],
};

export interface RunLogOptions {
  /** `.auton/logs`: shared by the runs of a folder. */
  folder: string;
  run: string;
  logging: Config['logging'];
  redact: (text: string) => string;
  /** Replaces the clock in tests. */
  now?: () => Date;
}

/**
 * The logs for people and log collectors, as `[logging]` wants them: a line an event, a file a day, old days deleted.
 * They repeat what the event log says and nothing reads them back, so that a failed write is no reason to stop a run.
 */
export class RunLog {
  readonly #options: RunLogOptions;
  readonly #books: Record<Book, DailyFile>;

  constructor(options: RunLogOptions) {
    const { folder, logging } = options;
    this.#options = options;
    this.#books = {
      orchestrator: new DailyFile(resolve(folder, logging.orchestrator_log), logging.retention_days),
      agent: new DailyFile(resolve(folder, logging.agent_log), logging.retention_days),
    };
  }

  event(event: RunEvent): void {
    const [book, usual] = PLACES[event.type];
    this.#write(book, levelOf(event, usual), new Date(event.at), `${event.type}${fieldsOf(event)}`);
  }

  /** A defect, with its stack. */
  error(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#write(
      'orchestrator',
      'error',
      this.#options.now?.() ?? new Date(),
      `defect ${JSON.stringify(text)}`,
    );
  }

  close(): void {
    for (const book of Object.values(this.#books)) book.close();
  }

  #write(book: Book, level: Level, at: Date, text: string): void {
    const { run, logging, redact } = this.#options;
    if (RANK[level] > RANK[logging.level]) return;
    const line = redact(`${at.toISOString()} ${level.toUpperCase().padEnd(5)} run=${run} ${text}`);
    this.#books[book].append(`${line}\n`, at.toISOString().slice(0, 10));
  }
}

/** What went wrong matters more than its kind of event usually does. */
function levelOf(event: RunEvent, usual: Level): Level {
  switch (event.type) {
    case 'notice':
      return event.level === 'warning' ? 'warn' : event.level;
    case 'run.finished':
      return event.outcome === 'failed' ? 'error' : usual;
    case 'run.paused':
      return event.reason === 'user' ? 'info' : usual;
    case 'task.state':
      return event.state === 'failed' ? 'error' : event.state === 'blocked' ? 'warn' : usual;
    case 'attempt.ended':
      return event.outcome === 'finished' ? usual : 'warn';
    case 'evidence.recorded':
      return event.evidence.passed ? usual : 'warn';
    default:
      return usual;
  }
}

/** The event's own fields as ` name=value`; of what is nested, only what fits in a line. */
function fieldsOf(event: RunEvent): string {
  const { seq: _, at: __, type: ___, ...body } = event;
  const fields: Record<string, unknown> = { ...body };
  if (event.type === 'run.started') delete fields['settings'];
  if (event.type === 'tasks.added') fields['tasks'] = event.tasks.map(({ id }) => id).join(',');
  if (event.type === 'evidence.recorded') {
    const { id, kind, passed, summary, durationMs } = event.evidence;
    fields['evidence'] = { id, kind, passed, summary, durationMs };
  }
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${shown(value)}`)
    .join('');
}

const LONGEST = 500;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  return /^"[\w./:@+-]*"$/.test(cut) ? cut.slice(1, -1) : cut;
}

/** `name.log` becomes `name-2026-03-02.log`, of the day in UTC, and files of days long gone are deleted. */
class DailyFile {
  readonly #path: string;
  readonly #retentionDays: number;
  #fd: number | null = null;
  #day = '';

  constructor(path: string, retentionDays: number) {
    this.#path = path;
    this.#retentionDays = retentionDays;
  }

  append(line: string, day: string): void {
    try {
      if (day !== this.#day) this.#open(day);
      if (this.#fd !== null) writeSync(this.#fd, line);
    } catch {
      this.close(); // a full disk, a folder that may not be written: tried again with the next line
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#day = '';
  }

  #open(day: string): void {
    this.close();
    const folder = dirname(this.#path);
    const extension = extname(this.#path);
    const stem = basename(this.#path, extension);
    mkdirSync(folder, { recursive: true });
    this.#fd = openSync(join(folder, `${stem}-${day}${extension}`), 'a', 0o600);
    this.#day = day;
    const oldest = new Date(Date.parse(day) - this.#retentionDays * 86_400_000).toISOString().slice(0, 10);
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) continue;
      const dated = name.slice(stem.length + 1, name.length - extension.length);
      if (/^\d{4}-\d\d-\d\d$/.test(dated) && dated < oldest) rmSync(join(folder, name), { force: true });
    }
  }
}
