import { connect as connectSocket, type Socket } from 'node:net';
import {
  ConnectionErrors,
  createMessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { LiveOutput, RunControl } from '../protocol/control.ts';
import { UserError } from '../protocol/errors.ts';
import type { RunEvent, RunOutcome } from '../protocol/events.ts';
import {
  RPC_USER_ERROR,
  RPC_VERSION,
  type RpcMethod,
  type RpcNotifications,
  type RpcReplies,
  type UserErrorData,
} from '../protocol/rpc.ts';
import { readEndpoint } from './endpoint.ts';

/** How long an engine may take to answer the first request: it is on the same machine and never blocks for long. */
const HELLO_TIMEOUT_MS = 10_000;

export interface Subscriber {
  onEvent: (event: RunEvent) => void;
  onOutput?: (output: LiveOutput) => void;
}

/** A run in another process of this user. */
export interface EngineClient extends RunControl {
  readonly run: string;
  readonly runFolder: string;
  readonly pid: number;
  /** Calls `onEvent` for everything that happened after `afterSeq`, then for what happens; no gap, no repetition. */
  subscribe(subscriber: Subscriber, afterSeq?: number): Promise<void>;
  /** Resolves when the run has stopped, with null when the engine went away without saying so. */
  readonly stopped: Promise<RunOutcome | 'paused' | null>;
  dispose(): void;
}

/** Connects to the engine that works in this folder; a UserError says when there is none. */
export async function connect(folder: string): Promise<EngineClient> {
  const client = await tryConnect(folder);
  if (client) return client;
  throw new UserError('No run is active in this folder.', 'Continue the last one with `auton resume`.');
}

/** The same, with null when no engine works there: what a killed engine left behind is not one. */
export async function tryConnect(folder: string): Promise<EngineClient | null> {
  const endpoint = readEndpoint(folder);
  if (!endpoint) return null;
  const socket = await openSocket(endpoint.socket);
  if (!socket) return null;
  const connection = createMessageConnection(
    new SocketMessageReader(socket),
    new SocketMessageWriter(socket),
  );
  const client = new RemoteRun(connection, socket);
  try {
    await client.hello();
    return client;
  } catch (error) {
    client.dispose();
    throw error;
  }
}

function openSocket(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connectSocket(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

class RemoteRun implements EngineClient {
  run = '';
  runFolder = '';
  pid = 0;
  readonly stopped: Promise<RunOutcome | 'paused' | null>;
  readonly #connection: MessageConnection;
  readonly #socket: Socket;
  #subscriber: Subscriber | null = null;
  /** Events that came before the answer to `subscribe` was handed on. */
  #early: RunEvent[] | null = [];

  constructor(connection: MessageConnection, socket: Socket) {
    this.#connection = connection;
    this.#socket = socket;
    this.stopped = new Promise((resolve) => {
      this.#on('run/stopped', ({ outcome }) => resolve(outcome));
      socket.once('close', () => resolve(null));
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

  async hello(): Promise<void> {
    const timeout = setTimeout(() => this.#socket.destroy(), HELLO_TIMEOUT_MS);
    try {
      const reply = await this.#request('engine/hello', { version: RPC_VERSION });
      this.run = reply.run;
      this.runFolder = reply.runFolder;
      this.pid = reply.pid;
    } finally {
      clearTimeout(timeout);
    }
  }

  async subscribe(subscriber: Subscriber, afterSeq = 0): Promise<void> {
    this.#subscriber = subscriber;
    const output = subscriber.onOutput !== undefined;
    const { events } = await this.#request('run/subscribe', { afterSeq, output });
    for (const event of events) subscriber.onEvent(event);
    for (const event of this.#early ?? []) subscriber.onEvent(event);
    this.#early = null;
  }

  pause = () => this.#do('run/pause');
  continue = () => this.#do('run/continue');
  cancel = () => this.#do('run/cancel');
  retryTask = (task: string) => this.#do('task/retry', { task });
  skipTask = (task: string) => this.#do('task/skip', { task });
  cancelTask = (task: string) => this.#do('task/cancel', { task });
  sendMessage = (to: string, text: string) => this.#do('message/send', { to, text });
  answerQuestion = (id: string, answer: string) => this.#do('question/answer', { id, answer });
  setBudget = (maxCostUsd: number) => this.#do('run/setBudget', { maxCostUsd });

  dispose(): void {
    this.#connection.dispose();
    this.#socket.destroy();
  }

  #on<N extends keyof RpcNotifications>(method: N, listener: (params: RpcNotifications[N]) => void): void {
    this.#connection.onNotification(method, listener);
  }

  async #do(method: Exclude<RpcMethod, keyof RpcReplies>, params: object = {}): Promise<void> {
    await this.#send(method, params);
  }

  #request<M extends keyof RpcReplies>(method: M, params: object): Promise<RpcReplies[M]> {
    return this.#send(method, params) as Promise<RpcReplies[M]>;
  }

  /** A connection that ends while a request is out would leave it waiting for ever: the library only rejects later ones. */
  async #send(method: RpcMethod, params: object): Promise<unknown> {
    let onClose: () => void = () => undefined;
    const gone = new Promise<never>((_, reject) => {
      onClose = () => reject(engineGone());
      this.#socket.once('close', onClose);
    });
    try {
      return await Promise.race([this.#connection.sendRequest(method, params), gone]);
    } catch (error) {
      throw toUserError(error);
    } finally {
      this.#socket.off('close', onClose);
    }
  }
}

function engineGone(): UserError {
  return new UserError('The engine ended before it answered.', 'Continue the run with `auton resume`.');
}

function toUserError(error: unknown): unknown {
  if (error instanceof ResponseError && error.code === RPC_USER_ERROR) {
    const data = error.data as Partial<UserErrorData> | undefined;
    if (typeof data?.remedy === 'string' && typeof data.exitCode === 'number')
      return new UserError(error.message, data.remedy, { exitCode: data.exitCode });
  }
  const code = (error as { code?: unknown }).code;
  if (code === ConnectionErrors.Closed || code === ConnectionErrors.Disposed) return engineGone();
  return error;
}
