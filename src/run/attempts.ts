import { conflictBrief, taskBrief } from '../agents/prompts.ts';
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
    if (open)
      await attempt(
        context,
        task,
        agent,
        worktree,
        { view: open, conflicts: task.conflict ?? [] },
        options.signal,
      );
    else await startAttempt(context, task, agent, worktree, options.signal);
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

async function startAttempt(
  context: RunContext,
  task: TaskView,
  agent: Agent,
  worktree: Worktree,
  signal: AbortSignal,
): Promise<void> {
  const { spec } = task;
  let conflicts: string[] = [];
  if (task.attempts.length > 0) {
    // The main line has moved since: later attempts stand on it, so that what failed in the merge fails here too.
    const update = await context.workspace.updateFromTarget(worktree);
    if (update.kind === 'conflict') conflicts = update.files;
    if (conflicts.length > 0 && agent.role !== 'integrator') {
      await context.emit({ type: 'merge.conflicted', task: spec.id, files: conflicts });
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
  if (task.state !== 'running') await context.emit({ type: 'task.state', task: spec.id, state: 'running' });
  const view = task.attempts.at(-1)!;
  if (agent.role === 'integrator' && conflicts.length === 0) {
    // The other side of the conflict was merged meanwhile in a way that fits: nothing is left for an agent.
    await endAttempt(context, task, view, agent, worktree, {
      outcome: 'finished',
      message: 'The main line merged without conflict.',
    });
    return;
  }
  await attempt(context, task, agent, worktree, { view, conflicts }, signal);
}

async function attempt(
  context: RunContext,
  task: TaskView,
  agent: Agent,
  worktree: Worktree,
  { view, conflicts }: { view: AttemptView; conflicts: string[] },
  signal: AbortSignal,
): Promise<void> {
  const { spec } = task;
  const work = AbortSignal.any([context.stopper.work, signal]);
  const end = await runAgentSession(context, {
    agent,
    task: spec.id,
    attempt: view.number,
    opening:
      conflicts.length > 0
        ? conflictBrief(task, conflicts)
        : taskBrief(beforeAttempt(task), briefContext(context)),
    worktree: worktree.path,
    host: workHost(context, { session: view.session, agent, spec, worktree, signal: work }),
    signal,
  });
  if (conflicts.length > 0) await context.workspace.finishMerge(worktree);
  await endAttempt(context, task, view, agent, worktree, end);
}

/** The task as it was before the attempt that is about to be briefed: feedback comes from the attempts before it. */
function beforeAttempt(task: TaskView): TaskView {
  return { ...task, attempts: task.attempts.slice(0, -1) };
}

function briefContext(context: RunContext) {
  const merged = context.state.merges.map(({ task }) => ({
    id: task,
    title: taskView(context, task).spec.title,
  }));
  return { goal: context.state.goal, merged };
}

async function endAttempt(
  context: RunContext,
  task: TaskView,
  view: AttemptView,
  agent: Agent,
  worktree: Worktree,
  end: Awaited<ReturnType<typeof runAgentSession>>,
): Promise<void> {
  const { spec } = task;
  const message = context.redact(`${spec.title}\n\n${end.message}`.trim());
  await context.workspace.commit(worktree, message, agent.id);
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
  if (end.outcome === 'finished')
    await context.emit({ type: 'task.state', task: spec.id, state: 'validating' });
}
