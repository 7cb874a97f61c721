import { connect as connectSocket, type Socket } from 'node:net';
import {
  ConnectionErrors,
  ResponseError,
  type CancellationToken,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { LiveOutput, RunControl } from '../protocol/control.ts';
import {
  EditorModelError,
  type EditorModelErrorData,
  type EditorModelHandler,
  type EditorModelRequest,
} from '../protocol/editor-models.ts';
import { errorMessage, UserError } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/events.ts';
import type { KeyName } from '../protocol/keys.ts';
import {
  RPC_MODEL_ERROR,
  RPC_USER_ERROR,
  RPC_VERSION,
  type CleanedWorktrees,
  type ClientInfo,
  type EngineInfo,
  type RpcMethod,
  type RpcNotifications,
  type RpcParams,
  type RpcReplies,
  type StartedRun,
  type StoppedRun,
  type UserErrorData,
} from '../protocol/rpc.ts';
import { readEndpoint } from './endpoint.ts';
import { NamedRun, RemoteControl, type Command } from './remote-control.ts';
import { wireOf, type Wire } from './wire.ts';

/** How long an engine may take to answer the first request: it is on the same machine and never blocks for long. */
const HELLO_TIMEOUT_MS = 10_000;

const COMMAND_LINE: ClientInfo = { kind: 'cli', languageModels: false };

export interface ConnectOptions {
  /** What this client is; a command line without. */
  client?: ClientInfo;
}

export interface Subscriber {
  onEvent: (event: RunEvent) => void;
  onOutput?: (output: LiveOutput) => void;
}

/**
 * The engine of a folder, in another process of this user. What is asked of a run goes to the one at work, else to the
 * newest; a run that has stopped is taken up again for everything but a pause.
 */
export interface EngineClient extends RunControl {
  readonly pid: number;
  readonly folder: string;
  readonly startedAt: string;
  /** The run at work, null when there is none; follows what the engine tells. */
  readonly run: string | null;
  readonly runFolder: string | null;
  /** The same for a run of this name. */
  of(run: string): RunControl;
  /** Keys are kept in the engine's memory for runs that start or resume; an empty one takes a key back. */
  setKeys(keys: Partial<Record<KeyName, string>>): Promise<void>;
  startRun(options: RpcParams<'run/start'>): Promise<{ run: string }>;
  /** The newest run without a name. */
  resumeRun(options?: RpcParams<'run/resume'>): Promise<{ run: string }>;
  cleanWorktrees(): Promise<CleanedWorktrees>;
  /** Pauses the run tidily and ends the engine; resolves when the run is paused. */
  shutdown(): Promise<void>;
  /**
   * Calls `onEvent` for everything that happened after `afterSeq` in the run at work, then for what happens; no gap,
   * no repetition. Ends with the run: whoever wants the next one's events subscribes again at `onRunStarted`.
   */
  subscribe(subscriber: Subscriber, afterSeq?: number): Promise<void>;
  onRunStarted(listener: (run: StartedRun) => void): () => void;
  onRunStopped(listener: (run: StoppedRun) => void): () => void;
  /** Resolves when the engine is gone or `dispose` was called: the client is of no more use. */
  readonly closed: Promise<void>;
  /** Answers for models of the provider `vscode`; only of a client that said it has language models. */
  onModelRequest(handler: EditorModelHandler): void;
  dispose(): void;
}

/** Connects to the engine that works in this folder; a UserError says when there is none. */
export async function connect(folder: string, options: ConnectOptions = {}): Promise<EngineClient> {
  const connected = await tryConnect(folder, options);
  if (connected) return connected;
  throw new UserError('No run is active in this folder.', 'Continue the last one with `auton resume`.');
}

/** The same, with null when no engine works there: what a killed engine left behind is not one. */
export async function tryConnect(
  folder: string,
  { client = COMMAND_LINE }: ConnectOptions = {},
): Promise<EngineClient | null> {
  const endpoint = readEndpoint(folder);
  if (!endpoint) return null;
  const socket = await openSocket(endpoint.socket);
  if (!socket) return null;
  const engine = new RemoteEngine(wireOf(socket), socket);
  try {
    await engine.hello(client, endpoint.pid);
    return engine;
  } catch (error) {
    engine.dispose();
    if (error instanceof EngineGone) return null; // it was just ending
    throw error;
  }
}

/** null when nobody listens there. */
export function openSocket(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connectSocket(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

type Listeners<T> = Set<(value: T) => void>;

class RemoteEngine extends RemoteControl implements EngineClient {
  pid = 0;
  folder = '';
  startedAt = '';
  run: string | null = null;
  runFolder: string | null = null;
  readonly closed: Promise<void>;
  readonly #connection: MessageConnection;
  readonly #socket: Socket;
  readonly #started: Listeners<StartedRun> = new Set();
  readonly #stopped: Listeners<StoppedRun> = new Set();
  /** Requests that are out. */
  readonly #waiting = new Set<(error: Error) => void>();
  #subscriber: Subscriber | null = null;
  /** Events that came before the answer to `subscribe` was handed on. */
  #early: RunEvent[] | null = [];

  constructor({ connection, closed }: Wire, socket: Socket) {
    super();
    this.#connection = connection;
    this.closed = closed;
    void closed.then(() => {
      for (const reject of this.#waiting) reject(new EngineGone());
    });
    this.#socket = socket;
    this.#on('run/started', (started) => {
      this.run = started.run;
      this.runFolder = started.runFolder;
      for (const listener of this.#started) listener(started);
    });
    this.#on('run/stopped', (stopped) => {
      this.run = null;
      this.runFolder = null;
      for (const listener of this.#stopped) listener(stopped);
    });
    this.#on('run/event', (event) => {
      if (this.#early) this.#early.push(event);
      else this.#subscriber?.onEvent(event);
    });
    this.#on('run/output', (output) => this.#subscriber?.onOutput?.(output));
    socket.on('error', () => socket.destroy());
    connection.onError(() => socket.destroy());
    connection.listen();
  }

  /** `pid` is what the engine announced: one of another version may not understand what it is asked. */
  async hello(client: ClientInfo, pid: number): Promise<void> {
    const timeout = setTimeout(() => this.#socket.destroy(), HELLO_TIMEOUT_MS);
    try {
      const info: EngineInfo = await this.#request('engine/hello', { version: RPC_VERSION, client });
      if (info.version !== RPC_VERSION) throw otherVersion(pid);
      this.pid = info.pid;
      this.folder = info.folder;
      this.startedAt = info.startedAt;
      this.run = info.run;
      this.runFolder = info.runFolder;
    } catch (error) {
      throw error instanceof ResponseError ? otherVersion(pid) : error;
    } finally {
      clearTimeout(timeout);
    }
  }

  async subscribe(subscriber: Subscriber, afterSeq = 0): Promise<void> {
    this.#subscriber = subscriber;
    this.#early = [];
    const output = subscriber.onOutput !== undefined;
    const { events } = await this.#request('run/subscribe', { afterSeq, output });
    for (const event of events) subscriber.onEvent(event);
    for (const event of this.#early ?? []) subscriber.onEvent(event);
    this.#early = null;
  }

  startRun = (options: RpcParams<'run/start'>) => this.#request('run/start', options);
  resumeRun = (options: RpcParams<'run/resume'> = {}) => this.#request('run/resume', options);
  cleanWorktrees = () => this.#request('worktrees/clean', {});
  setKeys = (keys: Partial<Record<KeyName, string>>) => this.ask('keys/set', { keys });
  shutdown = () => this.ask('engine/shutdown', {});
  of = (run: string) => new NamedRun(this, run);
  onRunStarted = (listener: (run: StartedRun) => void) => listen(this.#started, listener);
  onRunStopped = (listener: (run: StoppedRun) => void) => listen(this.#stopped, listener);

  onModelRequest(handler: EditorModelHandler): void {
    this.#connection.onRequest(
      'model/complete',
      async (request: EditorModelRequest, token: CancellationToken) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort(new Error('The engine does not need the answer.')));
        const { id } = request;
        const onText = (text: string) => {
          this.#connection.sendNotification('model/delta', { id, text }).catch(() => undefined);
        };
        try {
          return await handler(request, onText, abort.signal);
        } catch (error) {
          const kind = error instanceof EditorModelError ? error.kind : 'failed';
          throw new ResponseError<EditorModelErrorData>(RPC_MODEL_ERROR, errorMessage(error), { kind });
        }
      },
    );
  }

  dispose(): void {
    this.#connection.dispose();
    this.#socket.destroy();
  }

  #on<N extends keyof RpcNotifications>(method: N, listener: (params: RpcNotifications[N]) => void): void {
    this.#connection.onNotification(method, listener);
  }

  async ask<M extends Command>(method: M, params: RpcParams<M>): Promise<void> {
    await this.#send(method, params);
  }

  #request<M extends keyof RpcReplies>(method: M, params: RpcParams<M>): Promise<RpcReplies[M]> {
    return this.#send(method, params) as Promise<RpcReplies[M]>;
  }

  /** A connection that ends while a request is out would leave it waiting for ever: the library only rejects later ones. */
  async #send(method: RpcMethod, params: object): Promise<unknown> {
    const { promise: gone, reject } = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    try {
      return await Promise.race([this.#connection.sendRequest(method, params), gone]);
    } catch (error) {
      throw toUserError(error);
    } finally {
      this.#waiting.delete(reject);
    }
  }
}

function listen<T>(listeners: Listeners<T>, listener: (value: T) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

class EngineGone extends UserError {
  constructor() {
    super('The engine ended before it answered.', 'Continue the run with `auton resume`.');
  }
}

function otherVersion(pid: number): UserError {
  return new UserError(
    `The engine of this folder (process ${pid}) is of another version of AUTON than this client.`,
    'Restart it: `auton engine --stop` pauses its run and ends it. Then continue with `auton resume`.',
  );
}

function toUserError(error: unknown): unknown {
  if (error instanceof ResponseError && error.code === RPC_USER_ERROR) {
    const data = error.data as Partial<UserErrorData> | undefined;
    if (typeof data?.remedy === 'string' && typeof data.exitCode === 'number')
      return new UserError(error.message, data.remedy, { exitCode: data.exitCode });
  }
  const code = (error as { code?: unknown }).code;
  if (code === ConnectionErrors.Closed || code === ConnectionErrors.Disposed) return new EngineGone();
  return error;
}
