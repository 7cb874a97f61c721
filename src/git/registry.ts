import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, realpath, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import { removeWorktreeLocks } from './locks.ts';
import { branchRef, createRef, exists, firstFree, readText, type Repository } from './repository.ts';
import { inCheckout, type Checkout } from './staging.ts';

/**
 * Git's registry of worktrees, `<common>/worktrees/<id>/{HEAD,commondir,gitdir}` and `<path>/.git`, as
 * gitrepository-layout(5) describes it. Entries are written here rather than by `git worktree add`, which
 * starts four more processes and takes 17 ms instead of 5.
 */
export class Registry {
  readonly #repository: Repository;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** The entry whose checkout is at `path`. */
  async find(path: string): Promise<Checkout | null> {
    const folder = join(this.#repository.commonDir, 'worktrees');
    const isOf = async (id: string) => (await readText(join(folder, id, 'gitdir'))) === join(path, '.git');
    const usual = entryName(path);
    if (await isOf(usual)) return { path, gitDir: join(folder, usual) };
    const ids = await readdir(folder).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
    for (const id of ids) if (await isOf(id)) return { path, gitDir: join(folder, id) };
    return null;
  }

  /** A new checkout of `sha`, on a new branch or an existing one, or on none. `path` must not exist. */
  async add(
    path: string,
    sha: string,
    on: { newBranch: string } | { branch: string } | null,
  ): Promise<Checkout> {
    const { commonDir } = this.#repository;
    const folder = join(commonDir, 'worktrees');
    const gitDir = join(folder, await firstFree(entryName(path), (id) => exists(join(folder, id))));
    const checkout = { path, gitDir };
    // At once, as readText reads: these files are small, and each task waits for them.
    mkdirSync(gitDir, { recursive: true });
    mkdirSync(path, { recursive: true });
    writeFileSync(join(gitDir, 'commondir'), '../..\n');
    writeFileSync(join(gitDir, 'gitdir'), `${join(path, '.git')}\n`);
    this.link(checkout);
    try {
      if (on && 'newBranch' in on) await createRef(this.#repository, branchRef(on.newBranch), sha);
      this.setHead(checkout, on === null ? sha : branchRef('branch' in on ? on.branch : on.newBranch));
      await this.fill(checkout, sha);
    } catch (error) {
      await this.remove(checkout);
      throw error;
    }
    return checkout;
  }

  /** What the checkout is on: a ref, or a commit and no branch. */
  setHead({ gitDir }: Checkout, head: string): void {
    const file = join(gitDir, 'HEAD');
    writeFileSync(`${file}.new`, head.startsWith('refs/') ? `ref: ${head}\n` : `${head}\n`);
    renameSync(`${file}.new`, file);
  }

  /** Makes the index and the tracked files what the commit has. `git checkout` would do more that is not needed. */
  async fill(checkout: Checkout, sha: string): Promise<void> {
    await this.#repository.git.text(['read-tree', '--reset', '-u', sha], inCheckout(checkout));
  }

  /** Writes the checkout's `.git` file, whatever is in its place. */
  link(checkout: Checkout): void {
    const file = join(checkout.path, '.git');
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, `gitdir: ${checkout.gitDir}\n`);
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

  /** Moves a folder that is in the way, and that nobody can say anything about, out of it. */
  async setAside(path: string): Promise<void> {
    if (!(await exists(path))) return;
    const lost = join(this.#repository.stateFolder, 'lost');
    await mkdir(lost, { recursive: true });
    const name = path.slice(dirname(path).length + 1);
    await rename(path, join(lost, await firstFree(name, (candidate) => exists(join(lost, candidate)))));
  }
}

/** What a checkout's entry is called unless the name is taken. */
function entryName(path: string): string {
  return `auton-${basename(path).replace(/^\.+/, '')}`;
}
