import { join } from 'node:path';
import PQueue from 'p-queue';
import { GitError, type Identity } from './git.ts';
import { Registry } from './registry.ts';
import type { Checkout } from './pending.ts';
import { atRepository, treeOf, type Repository } from './repository.ts';
import { commitTree } from './staging.ts';

export type MergeResult =
  | {
      kind: 'merged';
      sha: string;
      tree: string;
      /** Where exactly the merged tree is checked out, until the next merge is prepared. */
      path: string;
    }
  | { kind: 'conflict'; files: string[] };

/** Makes merge commits and checks them out in a worktree of their own; no branch moves. */
export class Merger {
  readonly #repository: Repository;
  readonly #registry: Registry;
  readonly #identity: Identity;
  readonly #queue = new PQueue({ concurrency: 1 });

  constructor(repository: Repository, registry: Registry, identity: Identity) {
    this.#repository = repository;
    this.#registry = registry;
    this.#identity = identity;
  }

  prepare(base: string, head: string, message: string): Promise<MergeResult> {
    return this.#queue.add(async () => {
      const merged = await this.#mergeTrees(base, head);
      if (merged.kind === 'conflict') return merged;
      const { tree } = merged;
      const sha = commitTree(this.#repository, tree, [base, head], { message, author: this.#identity });
      return { kind: 'merged', sha, tree, path: await this.#checkOut(sha, tree) };
    });
  }

  checkOut(commit: string): Promise<string> {
    return this.#queue.add(async () => this.#checkOut(commit, await treeOf(this.#repository, commit)));
  }

  async #mergeTrees(
    base: string,
    head: string,
  ): Promise<{ kind: 'merged'; tree: string } | { kind: 'conflict'; files: string[] }> {
    const apart = await this.#mergeApart(base, head);
    if (apart !== null) return { kind: 'merged', tree: apart };
    const args = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', base, head];
    const result = await this.#repository.git.run(args, atRepository(this.#repository));
    if (result.code > 1) throw new GitError(args, result);
    const [tree = '', ...files] = result.stdout.toString().split('\0').filter(Boolean);
    return result.code === 0 ? { kind: 'merged', tree } : { kind: 'conflict', files };
  }

  /** The merged tree where both lines went on apart from each other, as most tasks do; null for the others. */
  async #mergeApart(base: string, head: string): Promise<string | null> {
    const ancestor = await this.#repository.history.mergeBase(base, head);
    if (ancestor === null) return null;
    const [old, ours, theirs] = await Promise.all(
      [ancestor, base, head].map((commit) => treeOf(this.#repository, commit)),
    );
    return this.#repository.trees.merge(old!, ours!, theirs!);
  }

  /** Exactly the commit's files: what an earlier build left would let a broken merge pass. */
  async #checkOut(sha: string, tree: string): Promise<string> {
    const checkout = await this.#worktree(sha);
    this.#registry.setHead(checkout, sha);
    await this.#registry.fill(checkout, tree);
    return checkout.path;
  }

  async #worktree(sha: string): Promise<Checkout> {
    const path = join(this.#repository.stateFolder, 'worktrees', '.merge');
    const checkout = await this.#registry.find(path);
    if (checkout) {
      await this.#registry.unlock(checkout);
      if ((await this.#registry.defect(checkout, null)) === null) return checkout;
      await this.#registry.remove(checkout);
    }
    await this.#registry.setAside(path);
    return this.#registry.add(path, sha, null);
  }
}
