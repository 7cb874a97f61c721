import { reviewBrief } from '../agents/prompts.ts';
import type { SessionEnd } from '../agents/session.ts';
import { USER, type Review } from '../protocol/review.ts';
import type { TaskView } from '../protocol/run-state.ts';
import type { Agent } from './agent-pool.ts';
import { runAgentSession, sessionId } from './agent-sessions.ts';
import { taskView, type RunContext } from './context.ts';
import { reviewerHost } from './tool-hosts.ts';

/** A diff longer than this is cut in the brief; the reviewer reads the rest with its tools. */
const BRIEF_DIFF_LIMIT = 120_000;

export interface Verdict {
  review: Review;
  /** The reviewer's id, or USER. */
  agent: string;
}

/** What a reviewer says of the present attempt, or why no reviewer came to a verdict. */
export async function reviewTask(
  context: RunContext,
  id: string,
  options: { priority: number; signal: AbortSignal },
): Promise<Verdict | { failure: string }> {
  const task = taskView(context, id);
  const recorded = verdictOn(task);
  if (recorded) return recorded;
  let failure = '';
  for (let retry = 1; retry <= context.config.agents.max_attempts; retry++) {
    const agent = await context.pool.acquire('reviewer', {
      priority: options.priority,
      signal: AbortSignal.any([context.stopper.work, options.signal]),
    });
    try {
      const end = await oneReview(context, task, agent, retry, options.signal);
      const verdict = verdictOn(task);
      if (verdict) return verdict;
      failure = end.message;
    } finally {
      context.pool.release(agent);
    }
  }
  return { failure: `No reviewer came to a verdict. ${failure}`.trim() };
}

/** What was said of the present attempt: the user has the last word. */
export function verdictOn({ attempts, reviews }: TaskView): Verdict | undefined {
  const number = attempts.at(-1)?.number;
  const present = reviews.filter(({ attempt }) => attempt === number);
  return present.findLast(({ agent }) => agent === USER) ?? present[0];
}

async function oneReview(
  context: RunContext,
  task: TaskView,
  agent: Agent,
  retry: number,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const attempt = task.attempts.at(-1)!;
  const scope = { agent, task: task.spec.id, attempt: attempt.number, retry };
  const session = sessionId(scope);
  const base = await context.workspace.mergeBase(attempt.head!);
  const diff = await context.workspace.diff(base, attempt.head!);
  return runAgentSession(context, {
    ...scope,
    opening: reviewBrief(task, cut(diff)),
    worktree: attempt.worktree,
    host: reviewerHost(context, {
      session,
      agent,
      signal: AbortSignal.any([context.stopper.work, signal]),
      diff,
      // Recorded while the tool runs: were it kept here until the session ends, a crash would lose a paid verdict.
      submit: (review) =>
        context.emit({
          type: 'review.submitted',
          task: task.spec.id,
          attempt: attempt.number,
          agent: agent.id,
          review,
          head: attempt.head!,
        }),
      submitted: () => verdictOn(task) !== undefined,
    }),
    isDone: () => verdictOn(task) !== undefined,
    mustCall: 'submit_review',
    signal,
  });
}

function cut(diff: string): string {
  if (diff.length <= BRIEF_DIFF_LIMIT) return diff;
  return `${diff.slice(0, BRIEF_DIFF_LIMIT)}\n[${diff.length - BRIEF_DIFF_LIMIT} characters left out: read them with git_diff and read_file]`;
}
