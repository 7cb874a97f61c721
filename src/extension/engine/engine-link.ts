import { EventEmitter, l10n, workspace, RelativePattern, type Disposable, type Event } from 'vscode';
import { tryConnect, type EngineClient } from '../../engine/client.ts';
import { ensureEngine } from '../../engine/spawn.ts';

import type { LiveOutput } from '../../protocol/control.ts';
import { UserError } from '../../protocol/errors.ts';
import { Disposables } from '../common/disposables.ts';
import type { NodeProgram } from '../common/node.ts';
import type { RunStore } from '../runs/run-store.ts';

export interface EngineLinkOptions {
  program: () => NodeProgram;
  /** Called for each new connection: keys, the editor's language models. */
  onConnected: (client: EngineClient) => Promise<void>;
  /** Whether this editor has language models that agents can use. */
  languageModels: () => boolean;
  onProblem: (error: unknown) => void;
}

/** `lost`: an engine ended without saying so while it worked on a run. */
export type LinkStatus = 'none' | 'connecting' | 'connected' | 'lost';

/** The connection to the engine of one folder: made when there is one, kept, and made anew when it comes back. */
export class EngineLink implements Disposable {
  readonly #folder: string;
  readonly #runs: RunStore;
  readonly #options: EngineLinkOptions;
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new EventEmitter<void>());
  readonly onDidChange: Event<void> = this.#changed.event;
  readonly #output = this.#disposables.add(new EventEmitter<LiveOutput>());
  /** What models write and kernels print, as it comes. */
  readonly onDidOutput: Event<LiveOutput> = this.#output.event;
  #client: EngineClient | null = null;
  #connecting: Promise<EngineClient | null> | null = null;
  #lostRun: string | null = null;
  #disposed = false;

  constructor(folder: string, runs: RunStore, options: EngineLinkOptions) {
    this.#folder = folder;
    this.#runs = runs;
    this.#options = options;
    // Another window or a terminal may start one at any time.
    const announced = workspace.createFileSystemWatcher(new RelativePattern(folder, '.auton/engine.json'));
    this.#disposables.add(announced);
    announced.onDidCreate(() => void this.attach());
    announced.onDidChange(() => void this.attach());
    // A folder `.auton` that was made just now is not watched at once: then a log that grows tells of an engine.
    this.#disposables.add(
      runs.onDidChange((change) => {
        const grows = change.kind === 'list' || change.record.phase === 'interrupted';
        if (grows && !this.#client) void this.attach();
      }),
    );
  }

  get status(): LinkStatus {
    if (this.#client) return 'connected';
    if (this.#lostRun !== null) return 'lost';
    return this.#connecting ? 'connecting' : 'none';
  }

  /** The run that an engine worked on when it ended without a word. */
  get lostRun(): string | null {
    return this.#lostRun;
  }

  get client(): EngineClient | null {
    return this.#client;
  }

  /** Connects to the folder's engine if there is one; starts none. What goes wrong is reported, not thrown. */
  async attach(): Promise<void> {
    if (!workspace.isTrusted) return;
    try {
      await this.#connect(() => tryConnect(this.#folder, this.#hello()));
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  /** The folder's engine, started when there is none. */
  async require(): Promise<EngineClient> {
    if (!workspace.isTrusted) {
      throw new UserError(
        l10n.t('This folder is not trusted, so nothing is executed in it.'),
        l10n.t('Trust it first: "Workspaces: Manage Workspace Trust".'),
      );
    }
    const client = await this.#connect(() =>
      ensureEngine(this.#folder, { ...this.#options.program(), ...this.#hello() }),
    );
    if (client) return client;
    throw new UserError(l10n.t('The engine did not start.'), l10n.t('See the log of AUTON.'));
  }

  /** Ends the engine tidily, a run is paused by that, and starts a new one. */
  async restart(): Promise<EngineClient> {
    const { run } = this.#client ?? { run: null };
    if (this.#client) {
      const closed = this.#client.closed;
      await this.#client.shutdown();
      await closed;
    }
    const client = await this.require();
    const again = run ?? this.#lostRun;
    if (again !== null && client.run === null) await client.resumeRun({ run: again });
    return client;
  }

  dispose(): void {
    this.#disposed = true;
    this.#client?.dispose(); // the engine goes on, or ends by itself when it has nothing to do
    this.#client = null;
    this.#disposables.dispose();
  }

  #hello() {
    return { client: { kind: 'editor' as const, languageModels: this.#options.languageModels() } };
  }

  #connect(open: () => Promise<EngineClient | null>): Promise<EngineClient | null> {
    if (this.#client) return Promise.resolve(this.#client);
    if (this.#connecting) {
      // One that only looked for an engine may have found none, where this caller wants one started.
      return this.#connecting.then((client) => client ?? this.#connect(open));
    }
    const connecting = this.#adopt(open).finally(() => {
      this.#connecting = null;
      this.#changed.fire();
    });
    this.#connecting = connecting;
    return connecting;
  }

  async #adopt(open: () => Promise<EngineClient | null>): Promise<EngineClient | null> {
    const client = await open();
    if (!client) return null;
    if (this.#disposed) {
      client.dispose();
      return null;
    }
    this.#client = client;
    this.#runs.connected();
    client.onRunStarted(({ run }) => void this.#follow(client, run));
    client.onRunStopped(() => {
      this.#runs.clearLive();
      this.#changed.fire();
    });
    void client.closed.then(() => this.#onClosed(client));
    // What works is known at once: a run must not look interrupted while the engine is told the keys.
    const following = client.run === null ? null : this.#follow(client, client.run);
    await Promise.all([this.#options.onConnected(client), following]);
    return client;
  }

  async #follow(client: EngineClient, run: string): Promise<void> {
    this.#lostRun = null;
    const record = this.#runs.setLive(run);
    await this.#runs.load(record);
    try {
      await client.subscribe(
        {
          onEvent: (event) => this.#runs.applyLive(record, event),
          onOutput: (output) => this.#output.fire(output),
        },
        record.state.lastSeq,
      );
    } catch (error) {
      // A run that has stopped meanwhile is no problem: the rest of its log is read.
      if (client.run === run) this.#options.onProblem(error);
    }
    this.#changed.fire();
  }

  #onClosed(client: EngineClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    const working = this.#runs.live;
    this.#lostRun = working?.state.status === 'running' ? working.id : null;
    this.#runs.clearLive();
    this.#changed.fire();
  }
}
