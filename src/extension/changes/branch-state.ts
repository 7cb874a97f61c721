import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import type { RunState, TaskView } from '../../protocol/run-state.ts';
import { failedInReview, isUnmerged } from '../../run/user-review.ts';

/** Where a task's branch is, in the order in which the tree shows them. */
export const BRANCH_STATES = ['waiting', 'work', 'review', 'stopped', 'idle', 'merged'] as const;
export type BranchState = (typeof BRANCH_STATES)[number];

export function branchState(task: TaskView): BranchState {
  switch (task.state) {
    case 'running':
    case 'validating':
      return 'work';
    case 'review':
      return task.awaitingUser ? 'waiting' : 'review';
    case 'queued':
      return 'review';
    case 'merged':
      return 'merged';
    case 'failed':
    case 'blocked':
    case 'cancelled':
    case 'skipped':
      return 'stopped';
    case 'pending':
    case 'ready':
      return 'idle';
  }
}

/** It is time for a verdict: the user may approve it, or ask for changes. */
export function isReviewable(task: TaskView, run: RunState): boolean {
  return task.state === 'review' && isSteerable(run);
}

/** Also after reviewers had kept it back to the end. */
export function canApprove(task: TaskView, run: RunState): boolean {
  return isReviewable(task, run) || (task.state === 'failed' && failedInReview(task) && isSteerable(run));
}

/** Also after it was approved, until it is on the main line. */
export function canReject(task: TaskView, run: RunState): boolean {
  return isReviewable(task, run) || (task.state === 'queued' && isUnmerged(task) && isSteerable(run));
}

function isSteerable({ status }: RunState): boolean {
  return status !== 'done' && status !== 'cancelled';
}

/** Nothing that is said about it would be heard. */
export function isOver({ state }: TaskView): boolean {
  return state === 'merged' || state === 'cancelled' || state === 'skipped';
}

const ICONS: Record<BranchState, [icon: string, color: string]> = {
  waiting: ['git-pull-request', 'charts.yellow'],
  work: ['git-branch', 'charts.blue'],
  review: ['git-pull-request', 'charts.yellow'],
  stopped: ['git-pull-request-closed', 'charts.red'],
  idle: ['git-branch', 'disabledForeground'],
  merged: ['git-merge', 'charts.green'],
};

export function branchIcon(state: BranchState): ThemeIcon {
  const [icon, color] = ICONS[state];
  return new ThemeIcon(icon, new ThemeColor(color));
}

/** What a person reads of it. */
export function stateText(task: TaskView): string {
  switch (task.state) {
    case 'running':
      return l10n.t('in work');
    case 'validating':
      return l10n.t('builds and boots');
    case 'review':
      return task.awaitingUser ? l10n.t('waits for your review') : l10n.t('waits for review');
    case 'queued':
      return l10n.t('waits for its merge');
    case 'merged':
      return l10n.t('merged');
    case 'failed':
      return l10n.t('failed');
    case 'blocked':
      return l10n.t('blocked');
    case 'cancelled':
      return l10n.t('cancelled');
    case 'skipped':
      return l10n.t('skipped');
    case 'pending':
    case 'ready':
      return l10n.t('waits for its next attempt');
  }
}
