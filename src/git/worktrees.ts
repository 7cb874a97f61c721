import PQueue from 'p-queue';
import type { Change } from '../protocol/change.ts';
import { UserError } from '../protocol/errors.ts';
import { taskIdSchema } from '../protocol/schema/task.ts';
import { changesBetween, diffTrees } from './changes.ts';
import { isExpired, Leases, type Lease } from './leases.ts';
import { mergeInProgress, pending, unresolved, type Checkout } from './pending.ts';
import type { Registry } from './registry.ts';
import { branchRef, firstFree, resolveRef, type Repository } from './repository.ts';
import { Retirement, worktreePath, type RemoveResult } from './retirement.ts';
import { authorOf, commitAll, snapshot } from './staging.ts';
import { checkedOutAt } from './target.ts';
import { concludeMerge, mergeTarget, type UpdateResult } from './target-merge.ts';

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
  readonly #retirement: Retirement;
  /** One git command at a time in each worktree: an agent's commit and a view of its diff may coincide. */
  readonly #queues = new Map<string, PQueue>();

  constructor(repository: Repository, registry: Registry) {
    this.#repository = repository;
    this.#registry = registry;
    this.#leases = new Leases(repository.stateFolder);
    this.#retirement = new Retirement(repository, registry, this.#leases);
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
      const path = worktreePath(this.#repository, task);
      let lease = await this.#leases.read(task);
      if (lease && lease.run !== run) {
        await this.#retirement.retire(lease);
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
      const { result, base } = await mergeTarget(this.#repository, worktree, await this.#checkout(worktree));
      if (base !== null) await this.#rebased(worktree, base);
      return result;
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
      const { sha, base } = await concludeMerge(this.#repository, worktree, await this.#checkout(worktree));
      await this.#rebased(worktree, base);
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
      return this.#retirement.retire(lease, merged);
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
        cleaned.push({ task, result: await this.#retirement.retire(lease) });
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
        const path = worktreePath(this.#repository, task);
        const reason = isNeeded(task) ?? (await this.#retirement.onlyHere(lease));
        if (reason !== null) return void result.kept.push({ path, reason });
        await this.#retirement.retire(lease);
        result.removed.push(path);
      });
    }
    return result;
  }

  async #reuse(lease: Lease, agent: string, base: string): Promise<Worktree> {
    const { task, branch } = lease;
    const path = worktreePath(this.#repository, task);
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
    const path = worktreePath(this.#repository, task);
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

  #exclusively<T>(task: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(task) ?? new PQueue({ concurrency: 1 });
    this.#queues.set(task, queue);
    return queue.add(work);
  }
}
