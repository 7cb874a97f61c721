import type { Socket } from 'node:net';
import { join } from 'node:path';
import {
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
  type MessageConnection,
  type ResponseMessage,
} from 'vscode-jsonrpc/node';
import type { LiveOutput } from '../protocol/control.ts';
import { errorMessage, UserError } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/events.ts';
import {
  RPC_USER_ERROR,
  type ClientInfo,
  type RpcMethod,
  type RpcNotifications,
  type RpcReplies,
  type StartedRun,
  type StoppedRun,
} from '../protocol/rpc.ts';
import { RPC_REQUESTS } from '../protocol/schema/rpc.ts';
import { readEventLog } from '../run/event-log.ts';
import type { Engine } from './engine.ts';
import { engineHandlers, hello, type Handlers } from './handlers.ts';

/** A client that is this many messages behind gets no more live output; one further behind is let go. */
const SLOW_CLIENT = 1_000;
const LOST_CLIENT = 200_000;
const GOODBYE_MS = 1_000;

/** One client's connection. Whatever it sends is answered; nothing it sends can end the engine. */
export class EngineSession {
  readonly #connection: MessageConnection;
  readonly #socket: Socket;
  readonly #engine: Engine;
  readonly #handlers: Handlers;
  /** What is to be taken back when the run stops, and when the client goes. */
  readonly #unsubscribe: (() => void)[] = [];
  readonly #leave: (() => void)[] = [];
  #pending = 0;
  #last: Promise<void> = Promise.resolve();
  readonly #answering = new Set<Promise<unknown>>();

  constructor(socket: Socket, engine: Engine, onClosed: () => void) {
    this.#socket = socket;
    this.#engine = engine;
    this.#handlers = {
      ...engineHandlers(engine),
      'engine/hello': ({ version, client }) => {
        const info = hello(engine, version);
        this.#introduce(client);
        return info;
      },
      'run/subscribe': ({ afterSeq, output }) => this.#subscribe(afterSeq, output),
    };
    const writer = new SocketMessageWriter(socket);
    this.#connection = createMessageConnection(new SocketMessageReader(socket), writer);
    this.#connection.onRequest((method, params) => {
      const answer = this.#answer(method, params);
      const settled = answer.catch(() => undefined).finally(() => this.#answering.delete(settled));
      this.#answering.add(settled);
      return answer;
    });
    // What is not a message at all has no id to answer to, and nothing after it can be trusted to be in step.
    this.#connection.onError(([error]) => {
      const answer: ResponseMessage = {
        jsonrpc: '2.0',
        id: null,
        error: { code: ErrorCodes.ParseError, message: error.message },
      };
      void writer
        .write(answer)
        .catch(() => undefined)
        .finally(() => socket.end());
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const stop of [...this.#unsubscribe.splice(0), ...this.#leave.splice(0)]) stop();
      this.#connection.dispose();
      onClosed();
    });
    this.#connection.listen();
  }

  sayStarted(run: StartedRun): void {
    this.#notify('run/started', run);
  }

  sayStopped(run: StoppedRun): void {
    for (const stop of this.#unsubscribe.splice(0)) stop();
    this.#notify('run/stopped', run);
  }

  /** Ends the connection after what was asked has been answered and everything sent so far has been written. */
  async end(): Promise<void> {
    const timeout = new Promise((resolve) => setTimeout(resolve, GOODBYE_MS).unref());
    await Promise.race([Promise.all(this.#answering), timeout]);
    await new Promise((resolve) => setImmediate(resolve)); // the library writes an answer after it has settled
    await this.#last;
    await new Promise<void>((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.end();
      setTimeout(() => this.#socket.destroy(), GOODBYE_MS).unref(); // a client that never closes its side
    });
  }

  /** What a client says of itself: an editor's models can be asked from now on. */
  #introduce({ languageModels }: ClientInfo): void {
    if (languageModels && this.#leave.length === 0)
      this.#leave.push(this.#engine.models.add(this.#connection));
  }

  async #answer(method: string, params: unknown): Promise<unknown> {
    if (!isRpcMethod(method)) {
      throw new ResponseError(ErrorCodes.MethodNotFound, `there is no method "${method}"`);
    }
    const parsed = RPC_REQUESTS[method].safeParse(params ?? {});
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const place = issue?.path.join('.');
      throw new ResponseError(
        ErrorCodes.InvalidParams,
        `${method}: ${place ? `${place}: ` : ''}${issue?.message ?? 'not what is expected'}`,
      );
    }
    try {
      // The table pairs each method with the schema of its own parameters.
      const handler = this.#handlers[method] as (params: unknown) => unknown;
      return (await handler(parsed.data)) ?? null;
    } catch (error) {
      if (error instanceof UserError) {
        const { remedy, exitCode } = error;
        throw new ResponseError(RPC_USER_ERROR, this.#engine.redact(error.message), { remedy, exitCode });
      }
      this.#engine.log(
        `${method}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      throw new ResponseError(ErrorCodes.InternalError, this.#engine.redact(errorMessage(error)));
    }
  }

  /** No event is missed or sent twice: the log is read up to the event that was applied last, in the same tick. */
  async #subscribe(afterSeq: number, output: boolean): Promise<RpcReplies['run/subscribe']> {
    const handle = await this.#engine.requireRun();
    if (this.#unsubscribe.length > 0)
      throw new UserError('This client has subscribed already.', 'Open a second connection.');
    const { state, folder } = handle;
    const { lastSeq } = state;
    const log = afterSeq < lastSeq ? readEventLog(join(folder, 'events.jsonl')) : [];
    const events = log.filter(({ seq }) => seq > afterSeq && seq <= lastSeq);
    this.#unsubscribe.push(handle.onEvent((event: RunEvent) => this.#notify('run/event', event)));
    if (output) {
      this.#unsubscribe.push(
        handle.onOutput((text: LiveOutput) => {
          if (this.#pending < SLOW_CLIENT) this.#notify('run/output', text);
        }),
      );
    }
    return { events };
  }

  #notify<N extends keyof RpcNotifications>(method: N, params: RpcNotifications[N]): void {
    if (this.#pending >= LOST_CLIENT) this.#socket.destroy();
    if (this.#socket.destroyed) return;
    this.#pending += 1;
    this.#last = this.#connection
      .sendNotification(method, params)
      .catch(() => undefined)
      .finally(() => (this.#pending -= 1));
  }
}

function isRpcMethod(method: string): method is RpcMethod {
  return Object.hasOwn(RPC_REQUESTS, method);
}
