import { createRedactor, KEY_VARIABLES, withKeys } from '../config/secrets.ts';
import type { RunControl, RunHandle } from '../protocol/control.ts';
import { errorMessage, UserError } from '../protocol/errors.ts';
import { given } from '../protocol/given.ts';
import type { KeyName } from '../protocol/keys.ts';
import type { CleanedWorktrees, StartedRun, StoppedRun } from '../protocol/rpc.ts';
import { cleanWorktrees } from '../run/clean.ts';
import { resumeRun, startRun, type ResumeOptions, type StartOptions } from '../run/start.ts';
import { EditorModelBroker } from './editor-models.ts';

export type StartWish = Omit<StartOptions, 'folder' | 'env' | 'editorModels'>;
export type ResumeWish = Omit<ResumeOptions, 'folder' | 'env' | 'editorModels'>;

export interface EngineOptions {
  folder: string;
  env: NodeJS.ProcessEnv;
  /** For whoever looks after the process: what happened, and defects. */
  log?: (text: string) => void;
  startRun?: (options: StartOptions) => Promise<RunHandle>;
  resumeRun?: (options: ResumeOptions) => Promise<RunHandle>;
}

/**
 * What works for one folder: one run at a time, started, steered and taken up again. A run that stops is let go at
 * once, with its lock and workspace, so that a paused run, a crashed one and one of another process are all the same.
 */
export class Engine {
  readonly folder: string;
  readonly startedAt = new Date().toISOString();
  readonly models = new EditorModelBroker();
  /** Resolves when somebody asked the engine to end and its run is paused. */
  readonly ended: Promise<void>;
  readonly #options: EngineOptions;
  readonly #keys = new Map<KeyName, string>();
  /** Every key that there was, to be redacted also after it was taken back. */
  readonly #secrets: Set<string>;
  readonly #onStarted = new Set<(run: StartedRun) => void>();
  readonly #onStopped = new Set<(run: StoppedRun) => void>();
  readonly #onIdle = new Set<() => void>();
  #handle: RunHandle | null = null;
  #end!: () => void;
  #ending = false;
  /** Starts and ends of runs, one at a time. */
  #changes: Promise<unknown> = Promise.resolve();
  #changing = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    const variables = Object.values(KEY_VARIABLES).flat();
    this.#secrets = new Set(variables.flatMap((name) => options.env[name]?.trim() || []));
  }

  /** The run at work. */
  get handle(): RunHandle | null {
    return this.#handle;
  }

  /** A run is at work, or is being started or stopped. */
  get busy(): boolean {
    return this.#handle !== null || this.#changing > 0;
  }

  onStarted(listener: (run: StartedRun) => void): void {
    this.#onStarted.add(listener);
  }

  onStopped(listener: (run: StoppedRun) => void): void {
    this.#onStopped.add(listener);
  }

  /** Called whenever nothing is at work any more. */
  onIdle(listener: () => void): void {
    this.#onIdle.add(listener);
  }

  /** Keys for runs that start or resume from now on; those of the environment win. An empty one takes a key back. */
  setKeys(keys: Partial<Record<KeyName, string>>): void {
    for (const [name, value] of Object.entries(keys) as [KeyName, string][]) {
      const key = value.trim();
      if (key === '') this.#keys.delete(name);
      else this.#keys.set(name, key);
      if (key !== '') this.#secrets.add(key);
    }
  }

  redact(text: string): string {
    return createRedactor([...this.#secrets])(text);
  }

  start(wish: StartWish): Promise<RunHandle> {
    return this.#change(async () => {
      this.#requireIdle();
      const start = this.#options.startRun ?? startRun;
      return this.#adopt(await start({ ...wish, ...this.#surroundings() }));
    });
  }

  resume(wish: ResumeWish): Promise<RunHandle> {
    return this.#change(async () => {
      this.#requireIdle();
      const resume = this.#options.resumeRun ?? resumeRun;
      return this.#adopt(await resume({ ...wish, ...this.#surroundings() }));
    });
  }

  /** Asks something of a run, the one at work or the newest without a name; a stopped one is taken up again for it. */
  async control(run: string | undefined, ask: (run: RunControl) => Promise<void>): Promise<void> {
    const handle = await this.#find(run);
    if (handle) await ask(handle);
    else await this.resume(given({ run, prepare: ask }));
  }

  async continue(run?: string): Promise<void> {
    const handle = await this.#find(run);
    if (handle) await handle.continue();
    else await this.resume(given({ run }));
  }

  /** The run at work; a UserError says when there is none. */
  async requireRun(run?: string): Promise<RunHandle> {
    const handle = await this.#find(run);
    if (handle) return handle;
    throw new UserError('No run is active in this folder.', 'Continue the last one with `auton resume`.');
  }

  /** The run at work; null when none is, and a UserError when another one is than is meant. */
  async #find(run: string | undefined): Promise<RunHandle | null> {
    await this.#changes;
    if (run !== undefined && this.#handle && this.#handle.state.run !== run) this.#requireIdle();
    return this.#handle;
  }

  /** Not while a run is at work, and none starts meanwhile. */
  cleanWorktrees(): Promise<CleanedWorktrees> {
    return this.#change(async () => {
      this.#requireIdle();
      return cleanWorktrees(this.folder);
    });
  }

  /** From now on no run is started; resolves when the run at work is paused and let go. */
  async shutdown(): Promise<void> {
    this.#ending = true;
    await this.#changes;
    const handle = this.#handle;
    if (handle?.state.status === 'running') {
      // A run that is just finishing cannot be paused: it ends by itself.
      await handle.pause().catch((error: unknown) => this.log(errorMessage(error)));
    }
    if (handle) await handle.stopped.catch(() => undefined);
    await this.#changes;
    this.#end();
  }

  log(text: string): void {
    this.#options.log?.(this.redact(text));
  }

  #surroundings() {
    return {
      folder: this.folder,
      env: withKeys(this.#options.env, this.#keys),
      editorModels: this.models,
    };
  }

  #adopt(handle: RunHandle): RunHandle {
    const { run } = handle.state;
    this.#handle = handle;
    this.log(`run ${run} is at work`);
    for (const listener of this.#onStarted) listener({ run, runFolder: handle.folder });
    const letGo = (stopped: StoppedRun) =>
      void this.#change(async () => {
        try {
          await handle.shutdown();
        } finally {
          this.#handle = null;
          this.log(`run ${run} is ${stopped.outcome}`);
          for (const listener of this.#onStopped) listener(stopped);
        }
      }).catch((error: unknown) => this.log(`run ${run} did not end tidily: ${errorMessage(error)}`));
    handle.stopped.then(
      (outcome) => letGo({ run, outcome }),
      (error: unknown) => {
        const remedy = error instanceof UserError ? error.remedy : 'Continue with `auton resume`.';
        letGo({ run, outcome: 'paused', problem: { message: this.redact(messageOf(error)), remedy } });
      },
    );
    return handle;
  }

  #requireIdle(): void {
    if (this.#ending) throw new UserError('The engine of this folder is ending.', 'Try again in a moment.');
    if (!this.#handle) return;
    const { run } = this.#handle.state;
    throw new UserError(
      `Run ${run} is active in this folder.`,
      'Wait for its end, or stop it with `auton pause` or `auton cancel`.',
    );
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    this.#changing += 1;
    const result = this.#changes.then(work).finally(() => {
      this.#changing -= 1;
      if (!this.busy) for (const listener of this.#onIdle) listener();
    });
    this.#changes = result.catch(() => undefined);
    return result;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
