import { join } from 'node:path';
import type { Lease, Leases } from './leases.ts';
import type { Registry } from './registry.ts';
import {
  branchRef,
  createRef,
  exists,
  firstFree,
  isAncestor,
  resolveRef,
  treeOf,
  type Repository,
} from './repository.ts';
import { authorOf, commitAll, snapshot } from './staging.ts';
import { checkedOutAt } from './target.ts';

/** What became of a worktree: nothing was lost of it, or what was not merged is kept under `ref`. */
export type RemoveResult = { kind: 'removed' } | { kind: 'archived'; ref: string; sha: string };

/** Where a task's worktree is. */
export function worktreePath({ stateFolder }: Repository, task: string): string {
  return join(stateFolder, 'worktrees', task);
}

/** Takes worktrees away without losing what only they have. */
export class Retirement {
  readonly #repository: Repository;
  readonly #registry: Registry;
  readonly #leases: Leases;

  constructor(repository: Repository, registry: Registry, leases: Leases) {
    this.#repository = repository;
    this.#registry = registry;
    this.#leases = leases;
  }

  /** The worktree, its branch and its lease go; what is not merged is committed and archived. */
  async retire(lease: Lease, merged?: string): Promise<RemoveResult> {
    const { task, branch } = lease;
    const checkout = await this.#registry.find(worktreePath(this.#repository, task));
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

  /** What would be lost with the worktree, or null. */
  async onlyHere({ task, branch }: Lease): Promise<string | null> {
    const { targetBranch } = this.#repository;
    const path = worktreePath(this.#repository, task);
    const tip = await resolveRef(this.#repository, branchRef(branch));
    if (tip !== null && !(await isAncestor(this.#repository, tip, branchRef(targetBranch))))
      return `${branch} has commits that ${targetBranch} does not have`;
    const checkout = await this.#registry.find(path);
    if (!checkout) return (await exists(path)) ? 'git does not know it' : null;
    await this.#registry.unlock(checkout);
    const defect = await this.#registry.defect(checkout, branch);
    if (defect !== null) return defect;
    const { tree, leftOut } = await snapshot(this.#repository, checkout);
    const same = tip !== null && tree === (await treeOf(this.#repository, tip));
    return same && leftOut.length === 0 ? null : 'it has changes that are not committed';
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
}
