import { basename, join } from 'node:path';
import { l10n, Uri } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { AttemptView, RunState, TaskView } from '../../protocol/run-state.ts';
import type { Target } from '../common/target.ts';
import type { AutonFolder } from '../folder.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { changesBetween, changesInWorktree, type FileChange } from './file-changes.ts';
import { gitDocument, submoduleText, textDocument } from './git-documents.ts';
import { branchHistory } from './history.ts';
import type { Repository } from './repository.ts';
import { shortId } from './texts.ts';

/** Two states of a task's files: a commit, and another one or a worktree as it is now. */
export interface Comparison {
  repository: Repository;
  base: string;
  head: { commit: string } | { worktree: string };
  target: Target & { task: string };
}

export interface FileDiff {
  /** Undefined where the file did not exist. */
  left: Uri | undefined;
  right: Uri | undefined;
}

export function filesOf({ repository, base, head }: Comparison): Promise<FileChange[]> {
  return 'commit' in head
    ? changesBetween(repository, base, head.commit)
    : changesInWorktree(repository, head.worktree, base);
}

/** Later runs use the same worktrees: only those of the last one hold what its attempts left. */
export function worksNow({ runs }: AutonFolder, record: RunRecord): boolean {
  return record === (runs.live ?? runs.newest);
}

/** The attempt that works in the task's worktree now. */
export function openAttempt(task: TaskView): AttemptView | undefined {
  return task.attempts.findLast(({ outcome }) => outcome === null);
}

/** Everything that a task's branch changes; where the run `works`, with what is not committed yet. */
export async function wholeBranch(
  repository: Repository,
  state: RunState,
  task: TaskView,
  target: Comparison['target'],
  works: boolean,
): Promise<Comparison> {
  const history = await branchHistory(repository, state, task);
  if (!history) {
    throw new UserError(
      l10n.t('{0} has no branch yet.', task.spec.id),
      l10n.t('It gets one when an agent takes the task up.'),
    );
  }
  const attempt = works ? openAttempt(task) : undefined;
  const head = attempt ? { worktree: attempt.worktree } : { commit: history.head };
  return { repository, base: history.base, head, target };
}

/** The documents to compare. Only the right side belongs to the task: there it can be commented and approved. */
export function diffOf({ repository, base, head, target }: Comparison, file: FileChange): FileDiff {
  const { path, oldPath = path, status, mode } = file;
  const left = status === 'A' ? undefined : gitDocument(repository.path, base, oldPath);
  if (status === 'D') return { left, right: undefined };
  if ('commit' in head) return { left, right: gitDocument(repository.path, head.commit, path, target) };
  // A link is not followed: an agent may have made it lead anywhere.
  if (mode === '120000') return { left, right: textDocument(path, l10n.t('A symbolic link.'), target) };
  if (mode === '160000') return { left, right: textDocument(path, submoduleText(l10n.t('in work')), target) };
  return { left, right: Uri.file(join(head.worktree, path)) };
}

/** "pmm.c (pmm: 1a2b3c4 ↔ 5d6e7f8)" */
export function diffTitle(comparison: Comparison, path: string): string {
  return l10n.t('{0} ({1})', basename(path), rangeTitle(comparison));
}

/** "pmm: all changes (1a2b3c4 ↔ in work)" */
export function rangeTitle({ base, head, target }: Comparison): string {
  const to = 'commit' in head ? shortId(head.commit) : l10n.t('in work');
  return `${target.task}: ${shortId(base)} ↔ ${to}`;
}
