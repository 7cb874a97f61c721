import { setMaxListeners } from 'node:events';
import type { LiveOutput, RunHandle } from '../protocol/control.ts';
import { errorMessage, hasCode, UserError } from '../protocol/errors.ts';
import type { EventBody, EventOf, RunEvent, RunOutcome } from '../protocol/events.ts';
import { applyEvent } from '../protocol/fold.ts';
import type { Review } from '../protocol/review.ts';
import type { RunState, TaskView } from '../protocol/run-state.ts';
import { FINAL_STATES, SATISFIED_STATES } from '../protocol/task.ts';
import { AgentPool } from './agent-pool.ts';
import { Budget, type BudgetLimits } from './budget.ts';
import type { RunContext, RunParts } from './context.ts';
import { Dispatcher, graphOf } from './dispatcher.ts';
import { EventLog } from './event-log.ts';
import type { RunLog } from './logging.ts';
import { MergeQueue } from './merge-queue.ts';
import { isPlanned, plan } from './planning.ts';
import { RunStopped, Stopper } from './stop.ts';
import { userReviewEvents } from './user-review.ts';

export interface RunOptions {
  parts: RunParts;
  /** What the log holds so far; the run's from here on. */
  state: RunState;
  log: string;
  limits: BudgetLimits;
  /** Gives back what belongs to the run: the lock, the workspace. Called once, at the very end. */
  release: () => Promise<void>;
  /** Gets every event, and defects with their stack: the user is shown only the message. */
  runLog: RunLog;
}

type PauseReason = EventOf<'run.paused'>['reason'];
type Stop = RunOutcome | 'paused';

/**
 * A run at work. Its state is the fold of its events; all else here is bookkeeping that can be built anew from that
 * state. A period of work lasts from `start` to a pause or the end, and `auton resume` is nothing but another period.
 */
export class Run implements RunHandle {
  readonly state: RunState;
  readonly folder: string;
  readonly #options: RunOptions;
  readonly #log: EventLog;
  readonly #budget: Budget;
  readonly #pool: AgentPool;
  readonly #queue = new MergeQueue();
  readonly #listeners = new Set<(event: RunEvent, state: RunState) => void>();
  readonly #outputs = new Set<(output: LiveOutput) => void>();
  #stopper = new Stopper();
  #dispatcher: Dispatcher | null = null;
  #period: Promise<void> = Promise.resolve();
  /** Why this period is being paused; null while it is not. */
  #pausing: { reason: PauseReason; done: Promise<void> } | null = null;
  #finishing = false;
  #released = false;
  #stopped = deferredStop();

  constructor(options: RunOptions) {
    this.#options = options;
    this.state = options.state;
    this.folder = options.parts.folder;
    this.#budget = new Budget(options.state, options.limits);
    this.#log = new EventLog(options.log, options.state.lastSeq, (event) => {
      applyEvent(this.state, event);
      options.runLog.event(event);
      for (const listener of this.#listeners) this.#tell(() => listener(event, this.state));
    });
    this.#pool = new AgentPool([...options.state.agents.values()]);
  }

  get stopped(): Promise<Stop> {
    return this.#stopped.promise;
  }

  onEvent(listener: (event: RunEvent, state: RunState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onOutput(listener: (output: LiveOutput) => void): () => void {
    this.#outputs.add(listener);
    return () => this.#outputs.delete(listener);
  }

  /** Makes an event durable, applies it and tells the listeners. */
  emit(body: EventBody): Promise<void> {
    return this.#log.append(body);
  }

  /** Shows what is not recorded: text as it comes, serial lines. */
  output(output: LiveOutput): void {
    for (const listener of this.#outputs) this.#tell(() => listener(output));
  }

  /** A client that cannot take what it is told is no reason to stop. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#options.runLog.error(error);
    }
  }

  /** Begins a period of work from wherever the state is. */
  start(): void {
    this.#stopper = new Stopper();
    setMaxListeners(0, this.#stopper.work, this.#stopper.calls);
    this.#period = this.#work();
  }

  async pause(): Promise<void> {
    if (this.state.status !== 'running' || this.#finishing)
      throw new UserError(`The run is ${this.state.status}.`, 'See `auton status`.');
    await this.#pause('user', 'Paused by the user. Continue with `auton resume`.');
    await this.#period;
  }

  async continue(): Promise<void> {
    this.#requireAlive();
    if (this.state.status !== 'paused') throw new UserError('The run is not paused.', 'See `auton status`.');
    await this.#period;
    if (this.#pausing === null) return; // continued meanwhile
    this.#pausing = null;
    this.#stopped = deferredStop();
    await this.emit({ type: 'run.continued' });
    this.start();
  }

  async cancel(): Promise<void> {
    this.#requireAlive();
    this.#stopper.hard('The run was cancelled.');
    await this.#period;
    this.#requireAlive();
    await this.#finish('cancelled', 'Cancelled by the user. Branches and worktrees are kept.');
  }

  async retryTask(id: string): Promise<void> {
    const { state } = this.#task(id);
    if (!['failed', 'blocked', 'cancelled', 'skipped'].includes(state)) {
      throw new UserError(
        `Task ${id} is ${state}.`,
        'Only a failed, blocked, cancelled or skipped task can be retried.',
      );
    }
    await this.#reopen([id, ...this.#blockedBy(id)]);
  }

  async skipTask(id: string): Promise<void> {
    if (this.#task(id).state === 'merged')
      throw new UserError(`Task ${id} is merged.`, 'There is nothing to skip.');
    this.#dispatcher?.stop(id, 'The task was skipped by the user.');
    await this.emit({ type: 'task.state', task: id, state: 'skipped', reason: 'skipped by the user' });
    await this.#reopen(this.#blockedBy(id));
  }

  async cancelTask(id: string): Promise<void> {
    const { state } = this.#task(id);
    if (FINAL_STATES.has(state))
      throw new UserError(`Task ${id} is ${state}.`, 'There is nothing to cancel.');
    this.#dispatcher?.stop(id, 'The task was cancelled by the user.');
    await this.emit({ type: 'task.state', task: id, state: 'cancelled', reason: 'cancelled by the user' });
    await this.#dispatcher?.block(id);
  }

  async reviewTask(id: string, review: Review): Promise<void> {
    const task = this.#task(id);
    const decide = async () => {
      const events = userReviewEvents(task, this.#redacted(review));
      await Promise.all(events.map((event) => this.emit(event)));
      if (task.state !== 'queued') return;
      for (const blocked of this.#blockedBy(id))
        await this.emit({ type: 'task.state', task: blocked, state: 'pending', reason: 'to be tried again' });
    };
    userReviewEvents(task, review); // what makes no sense must not interrupt anybody
    if (this.#dispatcher) await this.#dispatcher.hold(id, 'The user has reviewed it.', decide);
    else await decide();
  }

  async sendMessage(to: string, text: string): Promise<void> {
    this.#requireAlive();
    if (!this.state.agents.has(to) && !this.state.tasks.has(to)) {
      throw new UserError(`There is no agent or task ${to}.`, 'See `auton agents` and `auton tasks`.');
    }
    await this.emit({ type: 'message.sent', to, text: this.#options.parts.redact(text) });
  }

  async answerQuestion(id: string, answer: string): Promise<void> {
    this.#requireAlive();
    const question = this.state.questions.get(id);
    if (!question)
      throw new UserError(`There is no question ${id}.`, 'Open questions are in `auton status`.');
    if (question.answer !== null)
      throw new UserError(`Question ${id} has an answer.`, 'Use `auton message` to add to it.');
    await this.emit({ type: 'question.answered', id, answer: this.#options.parts.redact(answer) });
  }

  async setBudget(maxCostUsd: number): Promise<void> {
    if (!(maxCostUsd >= 0))
      throw new UserError(`${maxCostUsd} is not an amount.`, 'Give US dollars: `auton budget 25`.');
    this.#requireAlive();
    await this.emit({ type: 'budget.changed', maxCostUsd });
    if (this.#pausing?.reason === 'budget' && this.state.status === 'paused') await this.continue();
  }

  async shutdown(): Promise<void> {
    this.#stopper.hard('The engine was shut down.');
    await this.#period;
    await this.#release();
    this.#stopped.resolve('paused'); // unless it had ended
  }

  async #work(): Promise<void> {
    try {
      const context = this.#context();
      await context.slm?.prepare(this.#stopper.work, (text) =>
        this.emit({ type: 'notice', level: 'info', text }),
      );
      if (!isPlanned(this.state)) {
        const failure = await plan(context);
        if (failure !== null) return await this.#finish('failed', failure);
      }
      this.#dispatcher = new Dispatcher(context, this.#queue);
      await this.#dispatcher.run();
      this.#stopper.throwIfStopping();
      await this.#conclude();
    } catch (error) {
      await this.#interrupted(error);
    } finally {
      this.#dispatcher = null;
    }
  }

  /** No task moves any more: judge the whole. */
  async #conclude(): Promise<void> {
    const { tasks, targetBranch } = this.state;
    const left = [...tasks.values()].filter(({ state }) => !SATISFIED_STATES.has(state));
    if (left.length > 0) return this.#finish('failed', describeLeft(left, tasks.size, targetBranch));
    const { workspace, gates } = this.#options.parts;
    const { path, tree } = await workspace.checkout(await workspace.head());
    const passed = await gates.final({ path, tree, signal: this.#stopper.work }, (evidence) =>
      this.emit({ type: 'evidence.recorded', evidence }),
    );
    if (passed)
      return this.#finish('done', `${tasks.size} tasks are on ${targetBranch} and every gate passed.`);
    const failure = this.state.evidence.findLast((evidence) => !evidence.passed);
    return this.#finish(
      'failed',
      `Every task is on ${targetBranch}, but the whole fails: ${failure?.summary ?? ''}`,
    );
  }

  async #pause(reason: PauseReason, message: string): Promise<void> {
    this.#pausing ??= { reason, done: this.emit({ type: 'run.paused', reason, message }) };
    await this.#pausing.done;
    this.#stopper.soft(message);
  }

  /** The period ended before the run did: a pause, a shutdown, or something that the user has to mend first. */
  async #interrupted(error: unknown): Promise<void> {
    if (!(error instanceof RunStopped)) {
      if (!(error instanceof UserError)) this.#options.runLog.error(error);
      const problem = hasCode(error, 'ENOSPC') ? diskFull(error) : error;
      try {
        await this.#pause('workspace', this.#options.parts.redact(errorMessage(problem)));
      } catch {
        this.#stopped.reject(error); // not even the log can be written: only the caller can tell the user
        return;
      }
    }
    if (this.state.status === 'paused') this.#stopped.resolve('paused');
  }

  async #finish(outcome: RunOutcome, summary: string): Promise<void> {
    this.#finishing = true;
    await this.emit({ type: 'run.finished', outcome, summary });
    await this.#release();
    this.#stopped.resolve(outcome);
  }

  async #release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#log.close();
    await this.#options.release();
  }

  #context(): RunContext {
    return {
      ...this.#options.parts,
      state: this.state,
      pool: this.#pool,
      budget: this.#budget,
      stopper: this.#stopper,
      emit: (body) => this.emit(body),
      output: (output) => this.output(output),
      pause: (reason, message) => this.#pause(reason, message),
    };
  }

  #task(id: string): TaskView {
    this.#requireAlive();
    const task = this.state.tasks.get(id);
    if (!task) throw new UserError(`There is no task ${id}.`, 'See `auton tasks`.');
    return task;
  }

  #redacted({ verdict, summary, comments }: Review): Review {
    const { parts } = this.#options;
    return {
      verdict,
      summary: parts.redact(summary),
      comments: comments.map((comment) => ({ ...comment, message: parts.redact(comment.message) })),
    };
  }

  #blockedBy(id: string): string[] {
    return graphOf(this.state)
      .dependentsOf(id)
      .filter((dependent) => this.state.tasks.get(dependent)?.state === 'blocked');
  }

  async #reopen(ids: string[]): Promise<void> {
    for (const task of ids)
      await this.emit({ type: 'task.state', task, state: 'pending', reason: 'to be tried again' });
    this.#dispatcher?.refresh();
  }

  #requireAlive(): void {
    if (this.#released)
      throw new UserError('The run has ended.', 'Continue it with `auton resume`, or start another.');
  }
}

function deferredStop(): PromiseWithResolvers<Stop> {
  const deferred = Promise.withResolvers<Stop>();
  deferred.promise.catch(() => undefined); // whoever awaits it sees the error; nobody has to
  return deferred;
}

function diskFull(cause: unknown): UserError {
  return new UserError(
    `The disk is full: ${errorMessage(cause)}.`,
    'Free some space, then continue with `auton resume`.',
    { cause },
  );
}

function describeLeft(left: readonly TaskView[], total: number, branch: string): string {
  const lines = left.map(
    ({ spec, state, reason }) => `${spec.id} ${state}${reason ? ` (${reason.split('\n', 1)[0]})` : ''}`,
  );
  const more = lines.length > 10 ? `; and ${lines.length - 10} more` : '';
  return `${left.length} of ${total} tasks did not get to ${branch}: ${lines.slice(0, 10).join('; ')}${more}.`;
}
