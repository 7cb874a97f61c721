import { join } from 'node:path';
import PQueue from 'p-queue';
import type { Change } from '../protocol/change.ts';
import { UserError } from '../protocol/errors.ts';
import { taskIdSchema } from '../protocol/schema/task.ts';
import { changesBetween, diffTrees } from './changes.ts';
import { GitError } from './git.ts';
import { isExpired, Leases, type Lease } from './leases.ts';
import { inCheckout, mergeInProgress, pending, unresolved, type Checkout } from './pending.ts';
import { Registry } from './registry.ts';
import {
  branchRef,
  createRef,
  exists,
  firstFree,
  isAncestor,
  readText,
  resolveRef,
  revParse,
  type Repository,
} from './repository.ts';
import { commitAll, snapshot } from './staging.ts';
import { checkedOutAt } from './target.ts';

/** A task's checkout and branch. */
export interface Worktree {
  readonly task: string;
  readonly agent: string;
  readonly branch: string;
  /** Absolute, symlinks resolved. */
  readonly path: string;
  /** The commit of the target branch that the work is based on; moves when the target is merged in. */
  base: string;
}

export type UpdateResult =
  | { kind: 'up-to-date'; sha: string }
  | { kind: 'merged'; sha: string }
  | { kind: 'conflict'; files: string[] };

/** What became of a worktree: nothing was lost of it, or what was not merged is kept under `ref`. */
export type RemoveResult = { kind: 'removed' } | { kind: 'archived'; ref: string; sha: string };

/** Absolute paths, and why some were left alone. */
export interface TidyResult {
  removed: string[];
  kept: { path: string; reason: string }[];
}

/** The worktrees of the tasks: one folder, one branch and one lease each. */
export class Worktrees {
  readonly #repository: Repository;
  readonly #registry: Registry;
  readonly #leases: Leases;
  /** One git command at a time in each worktree: an agent's commit and a view of its diff may coincide. */
  readonly #queues = new Map<string, PQueue>();

  constructor(repository: Repository, registry: Registry) {
    this.#repository = repository;
    this.#registry = registry;
    this.#leases = new Leases(repository.stateFolder);
  }

  /**
   * The task's worktree: its own from an earlier attempt of this run, or a new one that starts at `base`.
   * What another run left under the same name is archived first. A branch that is not the engine's is never
   * touched; the next free name is taken instead.
   */
  add(task: string, agent: string, base: string): Promise<Worktree> {
    taskIdSchema.parse(task);
    return this.#exclusively(task, async () => {
      const { run } = this.#repository;
      const path = this.#path(task);
      let lease = await this.#leases.read(task);
      if (lease && lease.run !== run) {
        await this.#retire(lease);
        lease = null;
      }
      if (lease) return this.#reuse(lease, agent, base);

      if (await this.#registry.find(path)) {
        throw new UserError(
          `${path} is a worktree that AUTON did not make.`,
          `Remove it with: git -C ${this.#repository.root} worktree remove ${path}`,
        );
      }
      return this.#create(task, agent, base);
    });
  }

  /** Rejects with a UserError unless the worktree is what it should be. */
  async assert(worktree: Worktree): Promise<void> {
    const checkout = await this.#checkout(worktree);
    const defect = await this.#registry.defect(checkout, worktree.branch);
    if (defect === null) return;
    throw new UserError(
      `The worktree of ${worktree.task} cannot be used: ${defect}.`,
      `Retry the task; its commits are on the branch ${worktree.branch}.`,
    );
  }

  /** Commits everything for the agent; null when nothing changed. */
  commit(worktree: Worktree, message: string, agent: string): Promise<string | null> {
    return this.#exclusively(worktree.task, async () =>
      commitAll(this.#repository, await this.#checkout(worktree), {
        message: `${message.trim()}\n\nAuton-Task: ${worktree.task}\nAuton-Agent: ${agent}`,
        author: authorOf(agent),
      }),
    );
  }

  changes(worktree: Worktree, base: string): Promise<Change[]> {
    return this.#exclusively(worktree.task, async () => {
      const { tree, leftOut } = await snapshot(this.#repository, await this.#checkout(worktree));
      return changesBetween(this.#repository, base, tree, leftOut);
    });
  }

  /** What the worktree holds beyond its base, committed or not, as a unified diff. */
  diff(worktree: Worktree): Promise<string> {
    return this.#exclusively(worktree.task, async () => {
      const { tree } = await snapshot(this.#repository, await this.#checkout(worktree));
      return diffTrees(this.#repository, worktree.base, tree);
    });
  }

  /**
   * Merges the target branch into the task's. On a conflict the markers stay in the files and the merge stays
   * in progress; asked again, it answers with the same conflict.
   */
  updateFromTarget(worktree: Worktree): Promise<UpdateResult> {
    return this.#exclusively(worktree.task, async () => {
      const { git, targetBranch } = this.#repository;
      const checkout = await this.#checkout(worktree);
      if (await mergeInProgress(checkout)) {
        return { kind: 'conflict', files: (await pending(this.#repository, checkout)).unmerged };
      }
      const before = await revParse(this.#repository, branchRef(worktree.branch));
      const target = await revParse(this.#repository, branchRef(targetBranch));
      const message = `Merge ${targetBranch} into ${worktree.branch}`;
      const args = [
        'merge',
        '--quiet',
        '--ff',
        '--no-edit',
        '--no-verify',
        '--no-stat',
        '-m',
        message,
        target,
      ];
      const result = await git.run(args, inCheckout(checkout));
      if (result.code !== 0) {
        const { unmerged } = await pending(this.#repository, checkout);
        if (unmerged.length === 0) throw new GitError(args, result);
        return { kind: 'conflict', files: unmerged };
      }
      const sha = await revParse(this.#repository, branchRef(worktree.branch));
      await this.#rebased(worktree, target);
      return { kind: sha === before ? 'up-to-date' : 'merged', sha };
    });
  }

  /** Files of the merge in progress that still hold conflict markers; null when no merge is in progress. */
  unfinishedMerge(worktree: Worktree): Promise<string[] | null> {
    return this.#exclusively(worktree.task, async () => {
      const checkout = await this.#checkout(worktree);
      if (!(await mergeInProgress(checkout))) return null;
      return unresolved(checkout, (await pending(this.#repository, checkout)).unmerged);
    });
  }

  /** Commits the merge that `updateFromTarget` left in progress; a UserError while conflict markers remain. */
  finishMerge(worktree: Worktree): Promise<string> {
    return this.#exclusively(worktree.task, async () => {
      const checkout = await this.#checkout(worktree);
      const target = await readText(join(checkout.gitDir, 'MERGE_HEAD'));
      if (target === null)
        throw new UserError(`${worktree.task} has no merge in progress.`, 'Nothing is to be done.');
      const { unmerged } = await pending(this.#repository, checkout);
      const marked = await unresolved(checkout, unmerged);
      if (marked.length > 0) {
        throw new UserError(
          `Conflict markers remain in ${marked.join(', ')}.`,
          'Edit these files so that both sides work, and remove the lines <<<<<<<, ======= and >>>>>>>.',
        );
      }
      const sha = await commitAll(this.#repository, checkout, {
        message:
          `Merge ${this.#repository.targetBranch} into ${worktree.branch}\n\n` +
          `Auton-Task: ${worktree.task}\nAuton-Agent: ${worktree.agent}`,
        author: authorOf(worktree.agent),
      });
      if (sha === null) throw new Error(`the merge in ${worktree.path} ended while it was being committed`);
      await this.#rebased(worktree, target);
      return sha;
    });
  }

  /**
   * Removes the worktree and its branch; what is not merged is committed and kept under refs/auton/archive. Of a
   * branch that is still at `merged`, a commit that the target has, nothing needs to be looked for.
   */
  remove(worktree: Worktree, merged?: string): Promise<RemoveResult> {
    return this.#exclusively(worktree.task, async () => {
      const lease = await this.#leases.read(worktree.task);
      if (lease?.branch !== worktree.branch) return { kind: 'removed' }; // by an earlier call
      return this.#retire(lease, merged);
    });
  }

  /**
   * Removes what other runs left and nobody uses: expired leases only, and nothing that is not kept. A run that may be
   * resumed still uses its worktrees.
   */
  async clean(mayResume: (run: string) => boolean): Promise<{ task: string; result: RemoveResult }[]> {
    const cleaned: { task: string; result: RemoveResult }[] = [];
    for (const task of await this.#leases.tasks()) {
      await this.#exclusively(task, async () => {
        const lease = await this.#leases.read(task);
        if (!lease || lease.run === this.#repository.run) return;
        // An engine outlives its runs: what it still holds of an earlier one is not in use.
        if (!isExpired(lease) && lease.pid !== process.pid) return;
        if (mayResume(lease.run)) return;
        cleaned.push({ task, result: await this.#retire(lease) });
      });
    }
    return cleaned;
  }

  /**
   * Removes the worktrees of this run that `isNeeded` has no reason for, and their branches: only those whose commits
   * the target branch has and that hold no change. Nobody may be at work in them.
   */
  async tidy(isNeeded: (task: string) => string | null): Promise<TidyResult> {
    const result: TidyResult = { removed: [], kept: [] };
    for (const task of await this.#leases.tasks()) {
      await this.#exclusively(task, async () => {
        const lease = await this.#leases.read(task);
        if (lease?.run !== this.#repository.run) return;
        const path = this.#path(task);
        const reason = isNeeded(task) ?? (await this.#onlyHere(lease));
        if (reason !== null) return void result.kept.push({ path, reason });
        await this.#retire(lease);
        result.removed.push(path);
      });
    }
    return result;
  }

  /** What would be lost with the worktree, or null. */
  async #onlyHere({ task, branch }: Lease): Promise<string | null> {
    const { targetBranch } = this.#repository;
    const path = this.#path(task);
    const tip = await resolveRef(this.#repository, branchRef(branch));
    if (tip !== null && !(await isAncestor(this.#repository, tip, branchRef(targetBranch))))
      return `${branch} has commits that ${targetBranch} does not have`;
    const checkout = await this.#registry.find(path);
    if (!checkout) return (await exists(path)) ? 'git does not know it' : null;
    await this.#registry.unlock(checkout);
    const defect = await this.#registry.defect(checkout, branch);
    if (defect !== null) return defect;
    const { tree, leftOut } = await snapshot(this.#repository, checkout);
    const treeOf = (sha: string) => revParse(this.#repository, `${sha}^{tree}`);
    const same = tip !== null && (await treeOf(tree)) === (await treeOf(tip));
    return same && leftOut.length === 0 ? null : 'it has changes that are not committed';
  }

  async #reuse(lease: Lease, agent: string, base: string): Promise<Worktree> {
    const { task, branch } = lease;
    const path = this.#path(task);
    const checkout = await this.#registry.find(path);
    if (checkout) {
      await this.#registry.unlock(checkout);
      const defect = await this.#registry.defect(checkout, branch);
      if (defect === null) {
        await this.#leases.take({ ...lease, agent });
        return { task, agent, branch, path, base: lease.base };
      }
      // What the agent wrote since its last commit may still be there.
      await this.#registry.setAside(path);
      await this.#registry.remove(checkout);
    }
    const tip = await resolveRef(this.#repository, branchRef(branch));
    if (tip === null || (await checkedOutAt(this.#repository, branch)) !== null) {
      return this.#create(task, agent, tip ?? base);
    }
    await this.#registry.setAside(path);
    await this.#leases.take({ ...lease, agent });
    await this.#registry.add(path, tip, { branch });
    return { task, agent, branch, path, base: lease.base };
  }

  async #create(task: string, agent: string, base: string): Promise<Worktree> {
    const { branchPrefix, run } = this.#repository;
    const path = this.#path(task);
    const branch = await firstFree(
      `${branchPrefix}/${agent}/${task}`,
      async (name) => (await resolveRef(this.#repository, branchRef(name))) !== null,
    );
    await this.#registry.setAside(path);
    // The lease comes first: after a crash it says that the branch is the engine's.
    await this.#leases.take({ run, task, agent, branch, base });
    await this.#registry.add(path, base, { newBranch: branch }).catch(async (error: unknown) => {
      await this.#leases.release(task);
      throw new UserError(
        `The worktree of ${task} on the branch ${branch} could not be made.`,
        `A branch named "${branchPrefix}" or a full disk can be the reason; workspace.branch_prefix sets another name.`,
        { cause: error },
      );
    });
    return { task, agent, branch, path, base };
  }

  async #retire(lease: Lease, merged?: string): Promise<RemoveResult> {
    const { task, branch } = lease;
    const checkout = await this.#registry.find(this.#path(task));
    const isMerged =
      merged !== undefined && (await resolveRef(this.#repository, branchRef(branch))) === merged;
    if (checkout && !isMerged) {
      await this.#registry.unlock(checkout);
      if ((await this.#registry.defect(checkout, branch)) === null) {
        const left = 'Keep what was not committed';
        await commitAll(this.#repository, checkout, {
          message: `${left}\n\nAuton-Task: ${task}\nAuton-Agent: ${lease.agent}`,
          author: authorOf(lease.agent),
        });
      } else {
        await this.#registry.setAside(checkout.path);
      }
    }
    const tip = await resolveRef(this.#repository, branchRef(branch));
    const result =
      tip === null || isMerged ? ({ kind: 'removed' } as const) : await this.#archive(lease, tip);
    const sound = checkout && isMerged && (await this.#registry.defect(checkout, branch)) === null;
    if (sound) await this.#registry.recycle(checkout);
    else if (checkout) await this.#registry.remove(checkout);
    if (tip !== null && (await checkedOutAt(this.#repository, branch)) === null) {
      await this.#repository.refs.moveRef(branchRef(branch), null, tip);
    }
    await this.#leases.release(task);
    return result;
  }

  /** Keeps `tip` under a ref unless the target branch has it already. */
  async #archive({ run, task }: Lease, tip: string): Promise<RemoveResult> {
    const target = branchRef(this.#repository.targetBranch);
    if (await isAncestor(this.#repository, tip, target)) return { kind: 'removed' };
    const ref = await firstFree(`refs/auton/archive/${run}/${task}`, async (name) => {
      const sha = await resolveRef(this.#repository, name);
      return sha !== null && sha !== tip;
    });
    if ((await resolveRef(this.#repository, ref)) === null) await createRef(this.#repository, ref, tip);
    return { kind: 'archived', ref, sha: tip };
  }

  async #rebased(worktree: Worktree, base: string): Promise<void> {
    worktree.base = base;
    const lease = await this.#leases.read(worktree.task);
    if (lease) await this.#leases.take({ ...lease, base });
  }

  async #checkout(worktree: Worktree): Promise<Checkout> {
    const checkout = await this.#registry.find(worktree.path);
    if (checkout) return checkout;
    throw new UserError(
      `The worktree of ${worktree.task} is gone.`,
      `Retry the task; its commits are on the branch ${worktree.branch}.`,
    );
  }

  #path(task: string): string {
    return join(this.#repository.stateFolder, 'worktrees', task);
  }

  #exclusively<T>(task: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(task) ?? new PQueue({ concurrency: 1 });
    this.#queues.set(task, queue);
    return queue.add(work);
  }
}

/** The agent as a commit's author; `.invalid` is reserved for addresses that must not exist. */
function authorOf(agent: string): { name: string; email: string } {
  return { name: agent, email: `${agent}@auton.invalid` };
}
