import { conflictBrief, taskBrief } from '../agents/prompts.ts';
import type { SessionEnd } from '../agents/session.ts';
import type { AttemptView, TaskView } from '../protocol/run-state.ts';
import type { Worktree } from '../git/workspace.ts';
import type { Agent } from './agent-pool.ts';
import { runAgentSession, sessionId } from './agent-sessions.ts';
import { taskView, type RunContext } from './context.ts';
import { workHost } from './tool-hosts.ts';

/** Attempts that count against `agents.max_attempts`, for the role that works on the task next. */
export function attemptsUsed(task: TaskView): number {
  const role = task.conflict ? 'integrator' : task.spec.role;
  return task.attempts
    .slice(task.freshFrom)
    .filter((attempt) => attempt.role === role && attempt.outcome !== null).length;
}

/**
 * One attempt at a task: an agent of its role works in the task's worktree, and the engine commits what it leaves,
 * however it ended. An attempt that a crash or a pause interrupted goes on where its transcript ends.
 * Moves the task to `validating`, or leaves it `running` for the next attempt.
 */
export async function runAttempt(
  context: RunContext,
  id: string,
  options: { priority: number; signal: AbortSignal },
): Promise<void> {
  const task = taskView(context, id);
  const open = task.attempts.find((attempt) => attempt.outcome === null);
  const role = open?.role ?? (task.conflict ? 'integrator' : task.spec.role);
  const prefer = (open ?? task.attempts.findLast((attempt) => attempt.role === role))?.agent;
  const agent = await context.pool.acquire(role, {
    priority: options.priority,
    prefer,
    signal: AbortSignal.any([context.stopper.work, options.signal]),
  });
  try {
    const worktree = await openWorktree(context, task, agent);
    const scope = { task, agent, worktree, signal: options.signal };
    if (open) await continueAttempt(context, scope, open);
    else await startAttempt(context, scope);
  } finally {
    context.pool.release(agent);
  }
}

async function openWorktree(context: RunContext, task: TaskView, agent: Agent): Promise<Worktree> {
  const branchOwner = task.attempts[0]?.agent ?? agent.id;
  const worktree = await context.workspace.addWorktree(task.spec.id, branchOwner);
  await context.workspace.assertWorktree(worktree);
  return worktree;
}

interface AttemptScope {
  task: TaskView;
  agent: Agent;
  worktree: Worktree;
  /** Of the task: cancelled or skipped. */
  signal: AbortSignal;
}

async function startAttempt(context: RunContext, scope: AttemptScope): Promise<void> {
  const { task, agent, worktree } = scope;
  const { spec } = task;
  if (task.attempts.length > 0) {
    // The main line has moved since: later attempts stand on it, so that what failed in the merge fails here too.
    const update = await context.workspace.updateFromTarget(worktree);
    if (update.kind === 'conflict' && agent.role !== 'integrator') {
      await context.emit({ type: 'merge.conflicted', task: spec.id, files: update.files });
      return; // the integrator's turn
    }
  }
  const number = task.attempts.length + 1;
  await context.emit({
    type: 'attempt.started',
    task: spec.id,
    attempt: number,
    agent: agent.id,
    role: agent.role,
    session: sessionId({ task: spec.id, attempt: number, agent }),
    branch: worktree.branch,
    base: await context.workspace.head(),
    worktree: worktree.path,
  });
  await continueAttempt(context, scope, task.attempts.at(-1)!);
}

/** From wherever it stands: its session may not have begun, may be in the middle, or may just have ended. */
async function continueAttempt(context: RunContext, scope: AttemptScope, view: AttemptView): Promise<void> {
  const { task, agent, worktree, signal } = scope;
  const { spec } = task;
  if (task.state !== 'running') {
    signal.throwIfAborted();
    await context.emit({ type: 'task.state', task: spec.id, state: 'running' });
  }
  const conflicts = view.role === 'integrator' ? await context.workspace.unfinishedMerge(worktree) : null;
  if (view.role === 'integrator' && conflicts === null) {
    // The main line meanwhile fits, or the merge was committed just before a crash: nothing is left for an agent.
    const message = 'The main line is merged.';
    return endAttempt(context, scope, view, { outcome: 'finished', message });
  }
  const work = AbortSignal.any([context.stopper.work, signal]);
  const end = await runAgentSession(context, {
    agent,
    task: spec.id,
    attempt: view.number,
    opening: conflicts
      ? conflictBrief(beforeAttempt(task), task.conflict ?? conflicts)
      : taskBrief(beforeAttempt(task), briefContext(context, task)),
    worktree: worktree.path,
    host: workHost(context, { session: view.session, agent, spec, worktree, signal: work }),
    signal,
  });
  await endAttempt(context, scope, view, conflicts ? await finishMerge(context, worktree, end) : end);
}

/** Commits the merge that an integrator resolved. One that is not resolved stays in the worktree for the next attempt. */
async function finishMerge(context: RunContext, worktree: Worktree, end: SessionEnd): Promise<SessionEnd> {
  if (end.outcome !== 'finished') return end;
  const left = await context.workspace.unfinishedMerge(worktree);
  if (left?.length) return { outcome: 'error', message: `Conflict markers remain in ${left.join(', ')}.` };
  if (left) await context.workspace.finishMerge(worktree);
  return end;
}

/** The task as it was before the attempt that is about to be briefed: feedback comes from the attempts before it. */
function beforeAttempt(task: TaskView): TaskView {
  return { ...task, attempts: task.attempts.slice(0, -1) };
}

function briefContext(context: RunContext, { spec }: TaskView) {
  const dependencies = spec.dependsOn.map((id) => ({ id, title: taskView(context, id).spec.title }));
  return { goal: context.state.goal, dependencies, mergedCount: context.state.merges.length };
}

async function endAttempt(
  context: RunContext,
  { task, agent, worktree, signal }: AttemptScope,
  view: AttemptView,
  end: SessionEnd,
): Promise<void> {
  const { spec } = task;
  // A merge that is still in progress would be concluded by a commit, with its conflict markers.
  if ((await context.workspace.unfinishedMerge(worktree)) === null) {
    const message = context.redact(`${spec.title}\n\n${end.message}`.trim());
    await context.workspace.commit(worktree, message, agent.id);
  }
  const head = await context.workspace.headOf(worktree);
  await context.emit({
    type: 'attempt.ended',
    task: spec.id,
    attempt: view.number,
    agent: agent.id,
    outcome: end.outcome,
    message: context.redact(end.message).slice(0, 4000),
    ...(head === worktree.base ? {} : { head }),
  });
  if (end.outcome !== 'finished') return;
  signal.throwIfAborted();
  await context.emit({ type: 'task.state', task: spec.id, state: 'validating' });
}
