import { join } from 'node:path';
import { UserError } from '../protocol/errors.ts';
import { GitError } from './git.ts';
import { inCheckout, mergeInProgress, pending, unresolved, type Checkout } from './pending.ts';
import { branchRef, readText, revParse, type Repository } from './repository.ts';
import { authorOf, commitAll } from './staging.ts';
import type { Worktree } from './worktrees.ts';

export type UpdateResult =
  | { kind: 'up-to-date'; sha: string }
  | { kind: 'merged'; sha: string }
  | { kind: 'conflict'; files: string[] };

/** Merges the target branch into a task's; `base` is what the work is based on then, null while there is a conflict. */
export async function mergeTarget(
  repository: Repository,
  worktree: Worktree,
  checkout: Checkout,
): Promise<{ result: UpdateResult; base: string | null }> {
  const { git, targetBranch } = repository;
  const conflict = (files: string[]) => ({ result: { kind: 'conflict' as const, files }, base: null });
  if (await mergeInProgress(checkout)) return conflict((await pending(repository, checkout)).unmerged);
  const before = await revParse(repository, branchRef(worktree.branch));
  const target = await revParse(repository, branchRef(targetBranch));
  const message = `Merge ${targetBranch} into ${worktree.branch}`;
  const quietly = ['--quiet', '--ff', '--no-edit', '--no-verify', '--no-stat'];
  const args = ['merge', ...quietly, '-m', message, target];
  const result = await git.run(args, inCheckout(checkout));
  if (result.code !== 0) {
    const { unmerged } = await pending(repository, checkout);
    if (unmerged.length === 0) throw new GitError(args, result);
    return conflict(unmerged);
  }
  const sha = await revParse(repository, branchRef(worktree.branch));
  return { result: { kind: sha === before ? 'up-to-date' : 'merged', sha }, base: target };
}

/** Commits the merge in progress; a UserError while conflict markers remain. `base`: what was merged in. */
export async function concludeMerge(
  repository: Repository,
  { task, agent, branch, path }: Worktree,
  checkout: Checkout,
): Promise<{ sha: string; base: string }> {
  const base = await readText(join(checkout.gitDir, 'MERGE_HEAD'));
  if (base === null) throw new UserError(`${task} has no merge in progress.`, 'Nothing is to be done.');
  const { unmerged } = await pending(repository, checkout);
  const marked = await unresolved(checkout, unmerged);
  if (marked.length > 0) {
    throw new UserError(
      `Conflict markers remain in ${marked.join(', ')}.`,
      'Edit these files so that both sides work, and remove the lines <<<<<<<, ======= and >>>>>>>.',
    );
  }
  const message = `Merge ${repository.targetBranch} into ${branch}\n\nAuton-Task: ${task}\nAuton-Agent: ${agent}`;
  const sha = await commitAll(repository, checkout, { message, author: authorOf(agent) });
  if (sha === null) throw new Error(`the merge in ${path} ended while it was being committed`);
  return { sha, base };
}
