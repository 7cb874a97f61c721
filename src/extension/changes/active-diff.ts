import { sep } from 'node:path';
import { Disposable, TabInputText, TabInputTextDiff, Uri, window } from 'vscode';
import type { TaskView } from '../../protocol/run-state.ts';
import { setContext } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { isReviewable } from './branch-state.ts';
import { parseGitDocument } from './git-documents.ts';

export interface TaskTarget {
  folder: string;
  run: string;
  task: string;
}

/** Keeps the context key by which the editor's title offers to approve or reject. */
export function activeDiffKey(ctx: Ctx): Disposable {
  const update = () => {
    const target = activeDiff(ctx);
    const found = target && findTask(ctx, target);
    const reviewable = found && isReviewable(found.task, found.record.state);
    setContext('auton.activeDiff', reviewable ? 'reviewable' : found ? 'changed' : '');
  };
  update();
  return Disposable.from(
    window.tabGroups.onDidChangeTabs(update),
    window.tabGroups.onDidChangeTabGroups(update),
    ctx.folders.onDidChange(update),
  );
}

/** The task whose change the active editor shows. */
export function activeDiff(ctx: Ctx): TaskTarget | undefined {
  const tab = window.tabGroups.activeTabGroup.activeTab;
  if (!tab) return undefined;
  const { input, label } = tab;
  if (input instanceof TabInputTextDiff) return targetOfDocument(ctx, input.modified);
  if (input instanceof TabInputText) return targetOfDocument(ctx, input.uri);
  // The API has no name for the input of a multi-diff editor.
  for (const [title, target] of ctx.changes.openBranches) if (label.startsWith(title)) return target;
  return undefined;
}

/** The task that a document belongs to: a file of one of its commits, or of its worktree. */
export function targetOfDocument(ctx: Ctx, uri: Uri): TaskTarget | undefined {
  if (uri.scheme === 'file') return targetOfWorktreeFile(ctx, uri.fsPath)?.target;
  const { folder, run, task } = parseGitDocument(uri)?.target ?? {};
  if (folder === undefined || run === undefined || task === undefined) return undefined;
  return { folder, run, task };
}

/** A file of the worktree of an attempt that goes on. */
export function targetOfWorktreeFile(
  ctx: Ctx,
  file: string,
): { target: TaskTarget; path: string } | undefined {
  for (const folder of ctx.folders.all) {
    const record = folder.runs.live ?? folder.runs.newest;
    for (const { spec, attempts, state } of record?.state.tasks.values() ?? []) {
      const worktree = attempts.at(-1)?.worktree;
      if (worktree === undefined || state === 'merged' || !file.startsWith(worktree + sep)) continue;
      const path = file.slice(worktree.length + 1).replaceAll(sep, '/');
      return { target: { folder: folder.path, run: record!.id, task: spec.id }, path };
    }
  }
  return undefined;
}

export function findTask(ctx: Ctx, target: TaskTarget): { record: RunRecord; task: TaskView } | undefined {
  const record = ctx.folders.get(target.folder)?.runs.get(target.run);
  const task = record?.state.tasks.get(target.task);
  return record && task && { record, task };
}
