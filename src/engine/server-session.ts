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
import type { LiveOutput, RunHandle } from '../protocol/control.ts';
import { errorMessage, UserError } from '../protocol/errors.ts';
import type { RunEvent, RunOutcome } from '../protocol/events.ts';
import {
  RPC_USER_ERROR,
  RPC_VERSION,
  type RpcMethod,
  type RpcNotifications,
  type RpcParams,
  type RpcReplies,
} from '../protocol/rpc.ts';
import { RPC_REQUESTS } from '../protocol/schema/rpc.ts';
import { readEventLog } from '../run/event-log.ts';

/** A client that is this many messages behind gets no more live output; one further behind is let go. */
const SLOW_CLIENT = 1_000;
const LOST_CLIENT = 200_000;
const GOODBYE_MS = 1_000;

type Handlers = {
  [M in RpcMethod]: (
    params: RpcParams<M>,
  ) => M extends keyof RpcReplies ? RpcReplies[M] | Promise<RpcReplies[M]> : Promise<void>;
};

/** One client's connection. Whatever it sends is answered; nothing it sends can end the engine. */
export class EngineSession {
  readonly #connection: MessageConnection;
  readonly #socket: Socket;
  readonly #handle: RunHandle;
  readonly #unsubscribe: (() => void)[] = [];
  #pending = 0;
  #subscribed = false;
  #last: Promise<void> = Promise.resolve();
  readonly #answering = new Set<Promise<unknown>>();

  constructor(socket: Socket, handle: RunHandle, onClosed: () => void) {
    this.#socket = socket;
    this.#handle = handle;
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
      for (const stop of this.#unsubscribe.splice(0)) stop();
      this.#connection.dispose();
      onClosed();
    });
    this.#connection.listen();
  }

  sayStopped(outcome: RunOutcome | 'paused'): void {
    if (this.#subscribed) this.#notify('run/stopped', { outcome });
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

  readonly #handlers: Handlers = {
    'engine/hello': ({ version }) => {
      if (version !== RPC_VERSION) {
        throw new UserError(
          `The engine of this folder speaks version ${RPC_VERSION} of its protocol, this client version ${version}.`,
          'Use the same version of AUTON for both.',
        );
      }
      const { state, folder } = this.#handle;
      return { version: RPC_VERSION, pid: process.pid, run: state.run, runFolder: folder };
    },
    'run/subscribe': ({ afterSeq, output }) => this.#subscribe(afterSeq, output),
    'run/pause': () => this.#handle.pause(),
    'run/continue': () => this.#handle.continue(),
    'run/cancel': () => this.#handle.cancel(),
    'run/setBudget': ({ maxCostUsd }) => this.#handle.setBudget(maxCostUsd),
    'task/retry': ({ task }) => this.#handle.retryTask(task),
    'task/skip': ({ task }) => this.#handle.skipTask(task),
    'task/cancel': ({ task }) => this.#handle.cancelTask(task),
    'message/send': ({ to, text }) => this.#handle.sendMessage(to, text),
    'question/answer': ({ id, answer }) => this.#handle.answerQuestion(id, answer),
  };

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
        throw new ResponseError(RPC_USER_ERROR, error.message, { remedy, exitCode });
      }
      throw new ResponseError(ErrorCodes.InternalError, errorMessage(error));
    }
  }

  /** No event is missed or sent twice: the log is read up to the event that was applied last, in the same tick. */
  #subscribe(afterSeq: number, output: boolean): RpcReplies['run/subscribe'] {
    if (this.#subscribed)
      throw new UserError('This client has subscribed already.', 'Open a second connection.');
    this.#subscribed = true;
    const { state, folder } = this.#handle;
    const { lastSeq } = state;
    const events = readEventLog(join(folder, 'events.jsonl')).filter(
      ({ seq }) => seq > afterSeq && seq <= lastSeq,
    );
    this.#unsubscribe.push(this.#handle.onEvent((event: RunEvent) => this.#notify('run/event', event)));
    if (output) {
      this.#unsubscribe.push(
        this.#handle.onOutput((text: LiveOutput) => {
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
