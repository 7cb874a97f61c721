import type { Evidence } from '../protocol/evidence.ts';
import { USER } from '../protocol/review.ts';
import type { TaskView } from '../protocol/run-state.ts';
import type { TaskState } from '../protocol/task.ts';
import { attemptsUsed, runAttempt } from './attempts.ts';
import { taskView, type RunContext } from './context.ts';
import type { MergeQueue } from './merge-queue.ts';
import { reviewTask, verdictOn, type Verdict } from './reviews.ts';
import { isUnmerged } from './user-review.ts';

/** What was begun waits for its agent before what was not: it is closer to `main`. */
const CONTINUE_FIRST = 1_000_000;

interface DriveOptions {
  queue: MergeQueue;
  /** Length of the longest chain of tasks that waits for this one. */
  height: number;
  /** Ends the driving of this task alone: it was cancelled or skipped. */
  signal: AbortSignal;
}

/**
 * Takes one task from where it stands to where it stays: `ready -> running -> validating -> review -> queued ->
 * merged`, back to `running` with the evidence, or `failed`. Where it stands is read from the state alone, so that a
 * run that was paused or killed drives its tasks on exactly as before.
 * Rejects with RunStopped when the period of work ends, and with UserError when the machine or workspace fails.
 */
export async function driveTask(context: RunContext, id: string, options: DriveOptions): Promise<void> {
  const task = taskView(context, id);
  for (;;) {
    options.signal.throwIfAborted();
    context.stopper.throwIfStopping();
    switch (task.state) {
      case 'ready':
      case 'running':
        await work(context, task, options);
        break;
      case 'validating':
        await validate(context, task, options);
        break;
      case 'review':
        await review(context, task, options);
        break;
      case 'queued':
        await merge(context, task, options);
        break;
      default:
        return;
    }
  }
}

/** Refuses once the task was cancelled or skipped: where the user put it, it stays. */
function move(
  context: RunContext,
  task: TaskView,
  { signal }: { signal: AbortSignal },
  state: TaskState,
  reason?: string,
): Promise<void> {
  signal.throwIfAborted();
  return context.emit({ type: 'task.state', task: task.spec.id, state, ...(reason ? { reason } : {}) });
}

function priorityOf(task: TaskView, height: number): number {
  return height + (task.attempts.length > 0 ? CONTINUE_FIRST : 0);
}

async function work(context: RunContext, task: TaskView, options: DriveOptions): Promise<void> {
  const last = task.attempts.slice(task.freshFrom).at(-1);
  if (last?.outcome === 'finished' && !last.settled) return move(context, task, options, 'validating');
  const outOfBudget = last?.outcome === 'budget' || last?.outcome === 'token_limit';
  if (outOfBudget) return move(context, task, options, 'failed', last.message); // attempts share the task's budget
  if (attemptsUsed(task) >= context.config.agents.max_attempts) {
    const reason = task.reason || last?.message || 'every attempt failed';
    return move(context, task, options, 'failed', reason);
  }
  const { height, signal } = options;
  await runAttempt(context, task.spec.id, { priority: priorityOf(task, height), signal });
}

async function validate(context: RunContext, task: TaskView, options: DriveOptions): Promise<void> {
  const { head, worktree } = task.attempts.at(-1)!;
  if (head === null) return move(context, task, options, 'running', 'the attempt changed nothing');
  const input = {
    spec: task.spec,
    path: worktree,
    base: await context.workspace.mergeBase(head),
    head,
    signal: AbortSignal.any([context.stopper.work, options.signal]),
  };
  const passed = await context.gates.task(input, (evidence) => record(context, task, evidence));
  return passed
    ? move(context, task, options, 'review')
    : move(context, task, options, 'running', task.evidence.at(-1)?.summary);
}

async function review(context: RunContext, task: TaskView, options: DriveOptions): Promise<void> {
  const { height, signal } = options;
  const result = await reviewTask(context, task.spec.id, { priority: priorityOf(task, height), signal });
  if ('failure' in result) return move(context, task, options, 'failed', result.failure);
  if (result.review.verdict === 'request_changes') return sendBack(context, task, options, result);
  if (context.config.workflow.approval === 'user' && result.agent !== USER)
    return awaitUser(context, task, options);
  return move(context, task, options, 'queued');
}

function sendBack(
  context: RunContext,
  task: TaskView,
  options: DriveOptions,
  { agent, review }: Verdict,
): Promise<void> {
  const who = agent === USER ? 'user' : 'reviewer';
  return move(context, task, options, 'running', `the ${who} asks for changes: ${review.summary}`);
}

/** Never resolves: the user's verdict interrupts the driver, and the next one finds it in the state. */
async function awaitUser(context: RunContext, task: TaskView, { signal }: DriveOptions): Promise<never> {
  const attempt = task.attempts.at(-1)!.number;
  if (!task.awaitingUser) await context.emit({ type: 'review.awaits_user', task: task.spec.id, attempt });
  const interrupted = AbortSignal.any([context.stopper.work, signal]);
  return new Promise((_, reject) => {
    const end = () => reject(interrupted.reason as Error);
    interrupted.addEventListener('abort', end, { once: true });
    if (interrupted.aborted) end();
  });
}

async function merge(context: RunContext, task: TaskView, options: DriveOptions): Promise<void> {
  const { queue, height, signal } = options;
  const verdict = verdictOn(task);
  if (verdict?.review.verdict === 'request_changes' && isUnmerged(task))
    return sendBack(context, task, options, verdict);
  const outcome = await queue.enqueue(context, task.spec.id, {
    priority: height,
    signal: AbortSignal.any([context.stopper.work, signal]),
  });
  if (outcome === 'merged') {
    // Also when the user cancelled it in that very moment: it is on the main line.
    await context.emit({ type: 'task.state', task: task.spec.id, state: 'merged' });
    return leaveWorktree(context, task);
  }
  const reason = outcome === 'conflict' ? 'conflicts with the main line' : task.evidence.at(-1)?.summary;
  return move(context, task, options, 'running', reason);
}

/** Everything in it is on the main line; what somebody put on its branch since is kept by the workspace. */
async function leaveWorktree(context: RunContext, task: TaskView): Promise<void> {
  const { agent, branch, worktree: path, base, head } = task.attempts.at(-1)!;
  await context.workspace.removeWorktree(
    { task: task.spec.id, agent, branch, path, base },
    head ?? undefined,
  );
}

function record(context: RunContext, task: TaskView, evidence: Evidence): Promise<void> {
  return context.emit({ type: 'evidence.recorded', task: task.spec.id, evidence });
}
