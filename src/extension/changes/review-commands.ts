import { CommentMode, l10n, window, type CommentReply } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { Review } from '../../protocol/review.ts';
import type { RunState, TaskView } from '../../protocol/run-state.ts';
import type { CommandsOf } from '../command.ts';
import { Cancelled, input, runFor, taskFor } from '../common/pick.ts';
import { targetOf } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import { activeDiff, findTask, type TaskTarget } from './active-diff.ts';
import { canApprove, canReject } from './branch-state.ts';
import { taskArgument } from './commands.ts';
import type { Draft } from './drafts.ts';
import { addDraft, setMode, type DraftComment } from './review-comments.ts';

export const reviewCommands: CommandsOf<
  'approve' | 'reject' | 'addComment' | 'editComment' | 'saveComment' | 'cancelComment' | 'deleteComment'
> = {
  approve,
  reject,
  addComment: (ctx, reply) => addDraft(ctx, reply as CommentReply),
  editComment: (_ctx, comment) => setMode(comment as DraftComment, CommentMode.Editing),
  saveComment: (ctx, comment) => saveComment(ctx, comment as DraftComment),
  cancelComment: (ctx, comment) => cancelComment(ctx, comment as DraftComment),
  deleteComment: (ctx, comment) => ctx.changes.drafts.remove([(comment as DraftComment).draft]),
};

async function approve(ctx: Ctx, argument: unknown): Promise<void> {
  const reviewed = await reviewedTask(ctx, argument, l10n.t('Which change is approved?'), canApprove);
  const drafts = ctx.changes.drafts.of(reviewed.target);
  if (drafts.length > 0) await confirmDrafts(reviewed.target.task, drafts);
  await send(ctx, reviewed, {
    verdict: 'approve',
    summary: '',
    comments: drafts.map(toComment),
  });
}

async function reject(ctx: Ctx, argument: unknown): Promise<void> {
  const reviewed = await reviewedTask(ctx, argument, l10n.t('Which change is rejected?'), canReject);
  const { task } = reviewed.target;
  const drafts = ctx.changes.drafts.of(reviewed.target);
  const summary = await input({
    title: l10n.t('Reject the change of {0}', task),
    prompt:
      drafts.length === 0
        ? l10n.t('The next attempt begins with this.')
        : l10n.t('The next attempt begins with this and with your comments ({0}).', drafts.length),
    placeHolder: l10n.t('What has to be different?'),
    validateInput: (value) => (value.trim() === '' ? l10n.t('Say what has to be different.') : undefined),
  });
  await send(ctx, reviewed, {
    verdict: 'request_changes',
    summary: summary.trim(),
    comments: drafts.map(toComment),
  });
}

interface Reviewed {
  target: TaskTarget;
  review: (review: Review) => Promise<void>;
}

/** The task that is meant, checked; a run that stopped is taken up again when the verdict is known. */
async function reviewedTask(
  ctx: Ctx,
  argument: unknown,
  question: string,
  fits: (task: TaskView, run: RunState) => boolean,
): Promise<Reviewed> {
  const active = activeDiff(ctx);
  const shown = active && findTask(ctx, active);
  // From the palette the open diff is meant, if it waits for a verdict at all.
  const isMeant = argument !== undefined || (shown && fits(shown.task, shown.record.state));
  const meant = isMeant ? taskArgument(ctx, argument) : undefined;
  const { folder, record } = await runFor(ctx, meant);
  const named = targetOf(meant) ?? { folder: folder.path, run: record.id };
  const { task } = await taskFor(ctx, named, question, (each) => fits(each, record.state));
  if (!fits(task, record.state)) {
    throw new UserError(
      l10n.t('{0} does not wait for a verdict.', task.spec.id),
      l10n.t('A change can be approved or rejected while it is in review, and rejected until it is merged.'),
    );
  }
  const target = { folder: folder.path, run: record.id, task: task.spec.id };
  const review = async (verdict: Review) => {
    await (await folder.engine.require()).of(record.id).reviewTask(task.spec.id, verdict);
  };
  return { target, review };
}

/** Drafts are only given up when the engine has them. */
async function send(ctx: Ctx, { target, review }: Reviewed, verdict: Review): Promise<void> {
  const sent = ctx.changes.drafts.of(target).map(({ id }) => id);
  await review(verdict);
  await ctx.changes.drafts.remove(sent);
}

async function confirmDrafts(task: string, drafts: readonly Draft[]): Promise<void> {
  const approveAnyway = l10n.t('Approve');
  const chosen = await window.showWarningMessage(
    l10n.t('Approve {0} in spite of your comments?', task),
    {
      modal: true,
      detail: l10n.t('{0} of your comments were not sent. They are kept with the approval.', drafts.length),
    },
    approveAnyway,
  );
  if (chosen !== approveAnyway) throw new Cancelled();
}

const toComment = ({ file, line, text }: Draft) => ({ file, line, message: text });

function saveComment(ctx: Ctx, comment: DraftComment): Thenable<void> {
  const text = comment.body.trim();
  setMode(comment, CommentMode.Preview);
  return text === ''
    ? ctx.changes.drafts.remove([comment.draft])
    : ctx.changes.drafts.edit(comment.draft, text);
}

/** Shows again what was saved. */
function cancelComment(ctx: Ctx, comment: DraftComment): void {
  const saved = ctx.changes.drafts.get(comment.draft);
  if (saved) setMode({ ...comment, body: saved.text }, CommentMode.Preview);
}
