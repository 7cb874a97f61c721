import { reviewBrief } from '../agents/prompts.ts';
import type { Review } from '../protocol/review.ts';
import type { TaskView } from '../protocol/run-state.ts';
import type { Agent } from './agent-pool.ts';
import { runAgentSession, sessionId } from './agent-sessions.ts';
import { taskView, type RunContext } from './context.ts';
import { reviewerHost } from './tool-hosts.ts';

/** A diff longer than this is cut in the brief; the reviewer reads the rest with its tools. */
const BRIEF_DIFF_LIMIT = 120_000;

/** What a reviewer says of the present attempt; null when no reviewer came to a verdict. */
export async function reviewTask(
  context: RunContext,
  id: string,
  options: { priority: number; signal: AbortSignal },
): Promise<Review | null> {
  const task = taskView(context, id);
  const attempt = task.attempts.at(-1)!;
  const recorded = task.reviews.find((review) => review.attempt === attempt.number);
  if (recorded) return recorded.review;
  for (let retry = 1; retry <= context.config.agents.max_attempts; retry++) {
    const agent = await context.pool.acquire('reviewer', {
      priority: options.priority,
      signal: AbortSignal.any([context.stopper.work, options.signal]),
    });
    try {
      const review = await oneReview(context, task, agent, retry, options.signal);
      if (!review) continue;
      await context.emit({
        type: 'review.submitted',
        task: id,
        attempt: attempt.number,
        agent: agent.id,
        review,
        head: attempt.head!,
      });
      return review;
    } finally {
      context.pool.release(agent);
    }
  }
  return null;
}

async function oneReview(
  context: RunContext,
  task: TaskView,
  agent: Agent,
  retry: number,
  signal: AbortSignal,
): Promise<Review | null> {
  const attempt = task.attempts.at(-1)!;
  const scope = { agent, task: task.spec.id, attempt: attempt.number, retry };
  const session = sessionId(scope);
  const base = await context.workspace.mergeBase(attempt.head!);
  const diff = await context.workspace.diff(base, attempt.head!);
  let review: Review | null = null;
  await runAgentSession(context, {
    ...scope,
    opening: reviewBrief(task, cut(diff)),
    worktree: attempt.worktree,
    host: reviewerHost(context, {
      session,
      agent,
      signal: AbortSignal.any([context.stopper.work, signal]),
      diff,
      submit: (submitted) => (review = submitted),
    }),
    isDone: () => review !== null,
    mustCall: 'submit_review',
    signal,
  });
  return review;
}

function cut(diff: string): string {
  if (diff.length <= BRIEF_DIFF_LIMIT) return diff;
  return `${diff.slice(0, BRIEF_DIFF_LIMIT)}\n[${diff.length - BRIEF_DIFF_LIMIT} characters left out: read them with git_diff and read_file]`;
}
