import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, realpath, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { entryName, findCheckout } from './find-checkout.ts';
import { removeWorktreeLocks } from './locks.ts';
import { inCheckout, type Checkout } from './pending.ts';
import { branchRef, createRef, exists, firstFree, readText, treeOf, type Repository } from './repository.ts';
import { rewrite } from './rewrite.ts';
import { Spares } from './spares.ts';
import type { Files } from './working-tree.ts';

/**
 * Git's registry of worktrees, `<common>/worktrees/<id>/{HEAD,commondir,gitdir}` and `<path>/.git`, as
 * gitrepository-layout(5) describes it. Entries are written here rather than by `git worktree add`, which
 * starts four more processes and takes 17 ms instead of 5.
 */
export class Registry {
  readonly #repository: Repository;
  readonly #spares: Spares;

  constructor(repository: Repository) {
    this.#repository = repository;
    this.#spares = new Spares(repository.git, repository.stateFolder);
  }

  /** The entry whose checkout is at `path`. */
  find(path: string): Promise<Checkout | null> {
    return findCheckout(this.#repository.commonDir, path);
  }

  /** A new checkout of `sha`, on a new branch or an existing one, or on none. `path` must not exist. */
  async add(
    path: string,
    sha: string,
    on: { newBranch: string } | { branch: string } | null,
  ): Promise<Checkout> {
    const tree = await treeOf(this.#repository, sha);
    const head = on === null ? sha : branchRef('branch' in on ? on.branch : on.newBranch);
    if (on && 'newBranch' in on) await createRef(this.#repository, head, sha);
    const spare = await this.#spare(tree);
    const folder = join(this.#repository.commonDir, 'worktrees');
    const gitDir = join(folder, await firstFree(entryName(path), (id) => exists(join(folder, id))));
    const checkout = { path, gitDir };
    if (spare) {
      this.#move(spare, checkout, head);
      return checkout;
    }
    try {
      // At once, as readText reads: these files are small, and each task waits for them.
      mkdirSync(gitDir, { recursive: true });
      mkdirSync(path, { recursive: true });
      writeFileSync(join(gitDir, 'commondir'), '../..\n');
      writeFileSync(join(gitDir, 'gitdir'), `${join(path, '.git')}\n`);
      link(path, checkout);
      this.setHead(checkout, head);
      if (!(await this.#repository.workingTrees.become(filesOf(checkout), tree, { empty: true })))
        await this.#readTree(checkout, tree);
    } catch (error) {
      await this.remove(checkout);
      throw error;
    }
    return checkout;
  }

  /** What the checkout is on: a ref, or a commit and no branch. */
  setHead({ gitDir }: Checkout, head: string): void {
    rewrite(join(gitDir, 'HEAD'), head.startsWith('refs/') ? `ref: ${head}\n` : `${head}\n`);
  }

  /** Makes the index and the files exactly what the tree has: nothing else stays there. */
  async fill(checkout: Checkout, tree: string): Promise<void> {
    if (await this.#repository.workingTrees.become(filesOf(checkout), tree)) return;
    await this.#readTree(checkout, tree);
    await this.#repository.git.text(['clean', '-ffdxq'], inCheckout(checkout));
  }

  /** Why the checkout cannot be worked in, or null. `branch` null: detached. */
  async defect(checkout: Checkout, branch: string | null): Promise<string | null> {
    const { path, gitDir } = checkout;
    const real = await realpath(path).catch(() => null);
    if (real === null) return 'its folder is missing';
    if (real !== path) return `its folder is a link to ${real}`;
    if (path === this.#repository.root) return "it is the user's checkout";
    if ((await readText(join(gitDir, 'gitdir'))) !== join(path, '.git')) return 'git does not know it';
    if ((await readText(join(path, '.git'))) !== `gitdir: ${gitDir}`) return 'its .git file was changed';
    if (!(await exists(join(gitDir, 'index')))) return 'it was never checked out';
    const head = (await readText(join(gitDir, 'HEAD'))) ?? '';
    const actual = head.startsWith('ref: refs/heads/') ? head.slice('ref: refs/heads/'.length) : null;
    if (actual !== branch) return `it is on ${actual ?? 'no branch'}, not on ${branch ?? 'none'}`;
    return null;
  }

  /** Removes locks that a killed engine left. */
  async unlock(checkout: Checkout): Promise<void> {
    await removeWorktreeLocks(checkout.gitDir);
  }

  /** Deletes the checkout and its entry; branches stay. */
  async remove(checkout: Checkout): Promise<void> {
    await this.#repository.git.removeFolders([checkout.path, checkout.gitDir]);
  }

  /** Deletes the entry of a sound checkout, and keeps its folder for the next one. */
  async recycle(checkout: Checkout): Promise<void> {
    if (!this.#repository.recycle || !this.#spares.keep(checkout)) await this.remove(checkout);
  }

  close(): void {
    this.#spares.close();
  }

  /** A checkout of the tree, made from one that is not used any more. */
  async #spare(tree: string): Promise<Checkout | null> {
    const spare = this.#spares.take();
    if (!spare || (await this.#repository.workingTrees.become(filesOf(spare), tree))) return spare;
    await this.#spares.drop(spare);
    return null;
  }

  /** Git's own folder comes last: until then there is no such checkout. */
  #move(spare: Checkout, checkout: Checkout, head: string): void {
    rewrite(join(spare.gitDir, 'gitdir'), `${join(checkout.path, '.git')}\n`);
    this.setHead(spare, head);
    link(spare.path, checkout);
    mkdirSync(dirname(checkout.path), { recursive: true });
    mkdirSync(dirname(checkout.gitDir), { recursive: true });
    renameSync(spare.path, checkout.path);
    renameSync(spare.gitDir, checkout.gitDir);
  }

  /** `git checkout` would do more that is not needed. */
  async #readTree(checkout: Checkout, tree: string): Promise<void> {
    await this.#repository.git.text(['read-tree', '--reset', '-u', tree], inCheckout(checkout));
  }

  /** Moves a folder that is in the way, and that nobody can say anything about, out of it. */
  async setAside(path: string): Promise<void> {
    if (!(await exists(path))) return;
    const lost = join(this.#repository.stateFolder, 'lost');
    await mkdir(lost, { recursive: true });
    const name = path.slice(dirname(path).length + 1);
    await rename(path, join(lost, await firstFree(name, (candidate) => exists(join(lost, candidate)))));
  }
}

/** Writes the `.git` file of the folder, whatever is in its place. */
function link(folder: string, { gitDir }: Checkout): void {
  const file = join(folder, '.git');
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) rmSync(file, { recursive: true, force: true });
  rewrite(file, `gitdir: ${gitDir}\n`);
}

function filesOf(checkout: Checkout): Files {
  return { path: checkout.path, index: join(checkout.gitDir, 'index') };
}
