import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EventEmitter, RelativePattern, workspace, type Disposable, type Event } from 'vscode';
import { errorMessage, hasCode, UserError } from '../../protocol/errors.ts';
import type { RunEvent } from '../../protocol/events.ts';
import { Disposables } from '../common/disposables.ts';
import { emptyDelta, RunRecord, type RunDelta } from './run-record.ts';

/** Changes within this time are told together: a run emits hundreds of events a second at times. */
const BATCH_MS = 40;

export type StoreChange =
  /** Runs came or went. */ { kind: 'list' } | { kind: 'run'; record: RunRecord; delta: RunDelta };

export interface Happening {
  record: RunRecord;
  event: RunEvent;
}

/**
 * The runs of one folder, from their logs on the disk and, for the one an engine works on, from its events. Needs no
 * engine, so that history can be read where nothing may be executed.
 */
export class RunStore implements Disposable {
  readonly #runsFolder: string;
  readonly #findEngine: () => Promise<void>;
  readonly #records = new Map<string, RunRecord>();
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new EventEmitter<StoreChange>());
  readonly onDidChange: Event<StoreChange> = this.#changed.event;
  readonly #happened = this.#disposables.add(new EventEmitter<Happening>());
  /** Each event, after it was applied, that is not older than the connection to an engine: what was before is history. */
  readonly onDidHappen: Event<Happening> = this.#happened.event;
  /** ISO 8601, as events have it; null before the first connection. */
  #connectedAt: string | null = null;
  readonly #pending = new Map<RunRecord, RunDelta>();
  readonly #reading = new Map<RunRecord, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  /** `findEngine` tells of the run that an engine works on, by `setLive`, before a log is read. */
  constructor(folder: string, findEngine: () => Promise<void> = () => Promise.resolve()) {
    this.#findEngine = findEngine;
    this.#runsFolder = join(folder, '.auton', 'runs');
    const logs = workspace.createFileSystemWatcher(new RelativePattern(folder, '.auton/runs/*/events.jsonl'));
    this.#disposables.add(logs);
    logs.onDidCreate(() => void this.refresh());
    logs.onDidDelete(() => void this.refresh());
    logs.onDidChange(({ fsPath }) => {
      const record = [...this.#records.values()].find(({ reader }) => reader.file === fsPath);
      if (!record) void this.refresh();
      else if (!record.live && record.loaded) void this.#follow(record);
    });
  }

  /** Somebody works on it again: most likely an engine, whose run is not to be called interrupted even for a moment. */
  async #follow(record: RunRecord): Promise<void> {
    await this.#findEngine();
    if (!record.live) await this.#read(record);
  }

  /** Newest first: an id begins with its time. */
  get all(): readonly RunRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  get(id: string): RunRecord | undefined {
    return this.#records.get(id);
  }

  get newest(): RunRecord | undefined {
    return this.all[0];
  }

  /** The one an engine works on. */
  get live(): RunRecord | undefined {
    return this.all.find(({ live }) => live);
  }

  /** Looks which runs there are; reads the newest one. Others are read when somebody asks with `load`. */
  async refresh(): Promise<void> {
    await this.#findEngine();
    const ids = await this.#idsOnDisk();
    let changed = false;
    for (const id of this.#records.keys()) {
      if (ids.includes(id) || this.#records.get(id)!.live) continue;
      this.#records.delete(id);
      changed = true;
    }
    for (const id of ids) {
      if (this.#records.has(id)) continue;
      this.#add(id);
      changed = true;
    }
    const { newest } = this;
    if (newest) await this.load(newest);
    if (changed) this.#changed.fire({ kind: 'list' });
  }

  /** Reads a run's log, once; a log that cannot be read leaves its reason in `problem`. */
  async load(record: RunRecord): Promise<void> {
    if (!record.loaded) await this.#read(record);
  }

  /**
   * What happens from now on is told. An engine's run may pause, or end, before anybody has subscribed: then its events are
   * read from the log, and are no history all the same.
   */
  connected(): void {
    this.#connectedAt = new Date().toISOString();
  }

  /** An engine works on this run now; its events come through `applyLive`. */
  setLive(id: string): RunRecord {
    const known = this.#records.get(id);
    const record = known ?? this.#add(id);
    for (const other of this.#records.values()) if (other !== record) this.#setLive(other, false);
    this.#setLive(record, true);
    if (!known) this.#changed.fire({ kind: 'list' });
    return record;
  }

  /** No engine works on a run any more, as far as we know. */
  clearLive(): void {
    for (const record of this.#records.values()) {
      if (!record.live) continue;
      this.#setLive(record, false);
      void this.#read(record);
    }
  }

  applyLive(record: RunRecord, event: RunEvent): void {
    record.loaded = true;
    this.#apply(record, [event]);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  #add(id: string): RunRecord {
    const folder = join(this.#runsFolder, id);
    const record = new RunRecord(id, folder, join(folder, 'events.jsonl'));
    this.#records.set(id, record);
    return record;
  }

  #setLive(record: RunRecord, live: boolean): void {
    if (record.live === live) return;
    record.live = live;
    this.#delta(record).run = true;
  }

  #read(record: RunRecord): Promise<void> {
    const running = this.#reading.get(record);
    if (running) return running;
    const reading = this.#readNow(record).finally(() => this.#reading.delete(record));
    this.#reading.set(record, reading);
    return reading;
  }

  async #readNow(record: RunRecord): Promise<void> {
    try {
      await record.reader.read((events) => this.#apply(record, events));
      record.problem = null;
    } catch (error) {
      // A log that was tampered with can also make the fold fail.
      record.problem = error instanceof UserError ? error : new Error(errorMessage(error), { cause: error });
    }
    record.loaded = true;
    this.#delta(record).run = true;
  }

  #apply(record: RunRecord, events: readonly RunEvent[]): void {
    const since = this.#connectedAt;
    const news = since === null ? -1 : events.findIndex(({ at }) => at >= since);
    const history = news < 0 ? events.length : news;
    record.apply(events.slice(0, history), this.#delta(record));
    for (const event of events.slice(history)) {
      const known = event.seq <= record.state.lastSeq;
      record.apply([event], this.#delta(record));
      if (!known) this.#happened.fire({ record, event });
    }
  }

  #delta(record: RunRecord): RunDelta {
    let delta = this.#pending.get(record);
    if (!delta) this.#pending.set(record, (delta = emptyDelta()));
    this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS);
    return delta;
  }

  #flush(): void {
    this.#timer = undefined;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [record, delta] of pending) this.#changed.fire({ kind: 'run', record, delta });
  }

  async #idsOnDisk(): Promise<string[]> {
    let names: string[];
    try {
      names = await readdir(this.#runsFolder);
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return [];
      throw error;
    }
    const written = await Promise.all(
      names.map((name) =>
        stat(join(this.#runsFolder, name, 'events.jsonl')).then(
          ({ size }) => size > 0,
          () => false,
        ),
      ),
    );
    return names.filter((_, index) => written[index]);
  }
}
