import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commands, l10n, Uri, workspace } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { CommandsOf } from '../command.ts';
import { taskFor } from '../common/pick.ts';
import type { Ctx } from '../ctx.ts';
import { activeDiff, targetOfDocument, type TaskTarget } from './active-diff.ts';
import {
  diffOf,
  diffTitle,
  filesOf,
  rangeTitle,
  wholeBranch,
  worksNow,
  type Comparison,
} from './comparison.ts';
import { explainGone } from './explain.ts';
import { textDocument } from './git-documents.ts';
import { CommitNode, FileNode } from './nodes.ts';
import { GoneError } from './repository.ts';

/** More files than that are not opened at once. */
const MAX_FILES = 500;

export const changeCommands: CommandsOf<'openChange' | 'openBranchChanges' | 'openFile'> = {
  openChange: (_ctx, argument) => openChange(fileNode(argument)),
  openBranchChanges: (ctx, argument) => readable(() => openBranchChanges(ctx, argument)),
  openFile: (_ctx, argument) => openFile(fileNode(argument)),
};

/** What a menu or a palette means: its own target, or that of the document or diff it belongs to. */
export function taskArgument(ctx: Ctx, argument: unknown): unknown {
  if (argument instanceof Uri) return targetOfDocument(ctx, argument) ?? activeDiff(ctx);
  return argument ?? activeDiff(ctx);
}

async function openChange({ commit, file }: FileNode): Promise<void> {
  const { comparison } = commit;
  const { left, right } = diffOf(comparison, file);
  const nothing = textDocument(file.path, '', right ? undefined : comparison.target);
  const title = diffTitle(comparison, file.path);
  await commands.executeCommand('vscode.diff', left ?? nothing, right ?? nothing, title, { preview: true });
}

async function openBranchChanges(ctx: Ctx, argument: unknown): Promise<void> {
  const comparison =
    argument instanceof CommitNode ? argument.comparison : await branchComparison(ctx, argument);
  const { target } = comparison;
  const files = await filesOf(comparison);
  if (files.length === 0) {
    throw new UserError(
      l10n.t('{0} has changed no file.', target.task),
      l10n.t('An attempt may still be going on.'),
    );
  }
  const resources = files.slice(0, MAX_FILES).map((file) => {
    const { left, right } = diffOf(comparison, file);
    return [right ?? left!, left, right];
  });
  const title = rangeTitle(comparison);
  ctx.changes.openBranches.set(title, target as TaskTarget);
  await commands.executeCommand('vscode.changes', title, resources);
}

async function branchComparison(ctx: Ctx, argument: unknown): Promise<Comparison> {
  const { folder, record, task } = await taskFor(
    ctx,
    taskArgument(ctx, argument),
    l10n.t('The changes of which task?'),
    ({ attempts }) => attempts.length > 0,
  );
  const repository = await ctx.changes.repositories.get(record.state.workspace);
  const target = { folder: folder.path, run: record.id, task: task.spec.id };
  // What is not committed is read in a way that only suits trusted folders.
  const works = workspace.isTrusted && worksNow(folder, record);
  return wholeBranch(repository, record.state, task, target, works);
}

/** The user's own file if it is there, else the one that was clicked. */
async function openFile({ commit, file }: FileNode): Promise<void> {
  const { comparison } = commit;
  const own = join(comparison.repository.path, file.path);
  const { left, right } = diffOf(comparison, file);
  const uri = existsSync(own) ? Uri.file(own) : (right ?? left!);
  await commands.executeCommand('vscode.open', uri, { preview: true });
}

function fileNode(argument: unknown): FileNode {
  if (argument instanceof FileNode) return argument;
  throw new UserError(l10n.t('No file is chosen.'), l10n.t('Choose one in the Changes view.'));
}

/** What is gone is nothing that the user did wrong, and no defect. */
async function readable(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
    throw new UserError(
      explainGone(error),
      l10n.t('The Runs view still has its report and its transcripts.'),
    );
  }
}
