import { setMaxListeners } from 'node:events';
import { SessionStop } from '../agents/session.ts';
import type { RunState, TaskView } from '../protocol/run-state.ts';
import { FINAL_STATES, SATISFIED_STATES } from '../protocol/task.ts';
import type { RunContext } from './context.ts';
import { TaskGraph } from './graph.ts';
import type { MergeQueue } from './merge-queue.ts';
import { driveTask } from './task-driver.ts';

/** The dependency graph as the state has it now. */
export function graphOf(state: RunState): TaskGraph {
  const graph = new TaskGraph();
  graph.add([...state.tasks.values()].map(({ spec }) => spec));
  for (const { spec, state: taskState } of state.tasks.values()) {
    if (SATISFIED_STATES.has(taskState)) graph.satisfy(spec.id);
  }
  return graph;
}

/**
 * Keeps every task that may move moving, for one period of work. There are no waves: a task that is merged starts
 * those that waited for it at once; who works on them is the agent pool's business.
 */
export class Dispatcher {
  readonly #context: RunContext;
  readonly #queue: MergeQueue;
  readonly #active = new Map<string, { stop: AbortController; ended: Promise<void> }>();
  readonly #held = new Set<string>();
  readonly #idle = Promise.withResolvers<void>();
  #graph = new TaskGraph();
  #failure: { error: unknown } | null = null;

  constructor(context: RunContext, queue: MergeQueue) {
    this.#context = context;
    this.#queue = queue;
  }

  /** Resolves when no task can move any more; rejects, once every task stands still, with the first error. */
  async run(): Promise<void> {
    this.refresh();
    // A crash may have come between a failure and what it blocks.
    for (const { spec, state } of this.#context.state.tasks.values()) {
      if (state === 'failed' || state === 'cancelled') await this.block(spec.id);
    }
    if (this.#active.size > 0) await this.#idle.promise;
    if (this.#failure) throw this.#failure.error;
  }

  /** To be called when tasks were added, reopened or skipped from outside. */
  refresh(): void {
    this.#graph = graphOf(this.#context.state);
    for (const task of this.#context.state.tasks.values()) this.#start(task);
  }

  /** Ends what is being done for a task; `reason` is for the user. */
  stop(id: string, reason: string): void {
    this.#active.get(id)?.stop.abort(new SessionStop('cancelled', reason));
  }

  /**
   * Interrupts what is being done for a task, lets `change` decide where it stands while nothing else can, and drives
   * it on from there.
   */
  async hold(id: string, reason: string, change: () => Promise<void>): Promise<void> {
    this.#held.add(id);
    try {
      this.stop(id, reason);
      await this.#active.get(id)?.ended;
      await change();
    } finally {
      this.#held.delete(id);
      this.#start(this.#context.state.tasks.get(id)!);
      this.#restIfIdle();
    }
  }

  #start(task: TaskView): void {
    const { id } = task.spec;
    const still = FINAL_STATES.has(task.state) || task.state === 'blocked';
    if (
      still ||
      this.#held.has(id) ||
      this.#active.has(id) ||
      !this.#graph.isReady(id) ||
      this.#context.stopper.work.aborted
    )
      return;
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const ended = this.#attend(task, stop.signal).finally(() => {
      this.#active.delete(id);
      this.#start(task); // it may have been opened again while its driver was still ending
      this.#restIfIdle();
    });
    this.#active.set(id, { stop, ended });
  }

  #restIfIdle(): void {
    if (this.#active.size === 0 && this.#held.size === 0) this.#idle.resolve();
  }

  /** Never rejects: what goes wrong ends the period. */
  async #attend(task: TaskView, signal: AbortSignal): Promise<void> {
    const { id } = task.spec;
    try {
      await this.#drive(task, signal);
      if (task.state === 'failed') await this.block(id);
      if (!SATISFIED_STATES.has(task.state)) return;
      for (const next of this.#graph.satisfy(id)) this.#start(this.#context.state.tasks.get(next)!);
    } catch (error) {
      this.#failure ??= { error };
      this.#context.stopper.soft(error instanceof Error ? error.message : String(error));
    }
  }

  async #drive(task: TaskView, signal: AbortSignal): Promise<void> {
    const { id } = task.spec;
    try {
      if (task.state === 'pending')
        await this.#context.emit({ type: 'task.state', task: id, state: 'ready' });
      await driveTask(this.#context, id, { queue: this.#queue, height: this.#graph.height(id), signal });
    } catch (error) {
      if (!signal.aborted) throw error; // else it was cancelled or skipped: the user decided where it stands
    }
  }

  /** Whatever needs the result of this task cannot start; a retry or skip opens it again. */
  async block(id: string): Promise<void> {
    const waiting = this.#graph
      .dependentsOf(id)
      .map((dependent) => this.#context.state.tasks.get(dependent)!);
    await Promise.all(
      waiting
        .filter(({ state }) => state === 'pending')
        .map(({ spec }) =>
          this.#context.emit({
            type: 'task.state',
            task: spec.id,
            state: 'blocked',
            reason: `needs ${id}, which did not get through`,
          }),
        ),
    );
  }
}
