import type { RunControl } from '../protocol/control.ts';
import type { Review } from '../protocol/review.ts';
import type { RpcMethod, RpcParams, RpcReplies } from '../protocol/rpc.ts';

/** Requests that are answered with nothing but success. */
export type Command = Exclude<RpcMethod, keyof RpcReplies>;

/** The control of a run as requests. */
export abstract class RemoteControl implements RunControl {
  abstract ask<M extends Command>(method: M, params: RpcParams<M>): Promise<void>;

  pause(): Promise<void> {
    return this.ask('run/pause', {});
  }
  continue(): Promise<void> {
    return this.ask('run/continue', {});
  }
  cancel(): Promise<void> {
    return this.ask('run/cancel', {});
  }
  retryTask(task: string): Promise<void> {
    return this.ask('task/retry', { task });
  }
  skipTask(task: string): Promise<void> {
    return this.ask('task/skip', { task });
  }
  cancelTask(task: string): Promise<void> {
    return this.ask('task/cancel', { task });
  }
  reviewTask(task: string, review: Review): Promise<void> {
    return this.ask('task/review', { task, ...review });
  }
  sendMessage(to: string, text: string): Promise<void> {
    return this.ask('message/send', { to, text });
  }
  answerQuestion(id: string, answer: string): Promise<void> {
    return this.ask('question/answer', { id, answer });
  }
  setBudget(maxCostUsd: number): Promise<void> {
    return this.ask('run/setBudget', { maxCostUsd });
  }
}

/** The control of one run, whichever is at work. */
export class NamedRun extends RemoteControl {
  readonly #engine: RemoteControl;
  readonly #run: string;

  constructor(engine: RemoteControl, run: string) {
    super();
    this.#engine = engine;
    this.#run = run;
  }

  ask<M extends Command>(method: M, params: RpcParams<M>): Promise<void> {
    return this.#engine.ask(method, { ...params, run: this.#run });
  }
}
