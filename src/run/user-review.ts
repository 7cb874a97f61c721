import { EXIT, UserError } from '../protocol/errors.ts';
import type { EventBody } from '../protocol/events.ts';
import { USER, type Review } from '../protocol/review.ts';
import type { TaskView } from '../protocol/run-state.ts';
import type { TaskState } from '../protocol/task.ts';

/**
 * What the user's verdict on a task comes to, as events: where it stands decides. Throws a UserError where there is
 * nothing to judge. What follows from the verdict is the task driver's business, which reads it from the state.
 */
export function userReviewEvents(task: TaskView, review: Review): EventBody[] {
  const { id } = task.spec;
  const attempt = task.attempts.at(-1);
  const submitted = (): EventBody => ({
    type: 'review.submitted',
    task: id,
    attempt: attempt!.number,
    agent: USER,
    review: inWords(review),
    head: attempt!.head!,
  });
  const approves = review.verdict === 'approve';
  if (task.state === 'review') return [submitted()];
  if (task.state === 'queued' && !approves && isUnmerged(task)) return [submitted()];
  if (task.state === 'failed' && approves && failedInReview(task)) {
    return [
      submitted(),
      { type: 'task.state', task: id, state: 'queued', reason: 'approved by the user after all' },
    ];
  }
  throw new UserError(
    `Task ${id} is ${task.state}${approves ? '' : ', so no change can be asked for'}.`,
    remedy(task),
  );
}

/** Its merge has not passed the gates yet: nothing of it can be on the main line. */
export function isUnmerged({ merge, mergedAs }: TaskView): boolean {
  return mergedAs === null && (merge === null || merge.validated === null);
}

/** The present attempt passed every gate, and only reviewers kept it from being merged. */
export function failedInReview({ timeline, attempts }: TaskView): boolean {
  const last = (state: TaskState) => timeline.findLastIndex((entry) => entry.state === state);
  const reviewed = last('review');
  return reviewed > last('validating') && reviewed > last('queued') && attempts.at(-1)?.head != null;
}

/** A verdict in the log says something, also where the user only pressed a button. */
function inWords({ verdict, summary, comments }: Review): Review {
  const given = summary.trim();
  if (given !== '') return { verdict, summary: given, comments };
  if (verdict === 'approve') return { verdict, summary: 'Approved.', comments };
  if (comments.length > 0) return { verdict, summary: 'See the comments.', comments };
  throw new UserError('Nothing says what should change.', 'Give a summary or a comment on a line.', {
    exitCode: EXIT.usage,
  });
}

function remedy({ state, spec }: TaskView): string {
  switch (state) {
    case 'merged':
      return 'It is on the main line; start a run that changes it.';
    case 'queued':
      return 'It is approved and about to be merged.';
    case 'failed':
    case 'blocked':
    case 'cancelled':
    case 'skipped':
      return `There is no change to judge; \`auton task retry ${spec.id}\` lets agents work on it again.`;
    default:
      return 'Judge it when it is in review; `auton message` tells its agent something before.';
  }
}
