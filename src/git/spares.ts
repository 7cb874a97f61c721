import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import type { Git } from './git.ts';
import type { Checkout } from './pending.ts';

/** More than agents work at a time are of no use. */
const MOST = 16;
/** What git's folder of a worktree has in it when nothing is in progress there. */
const LASTING = new Set(['HEAD', 'commondir', 'gitdir', 'index', 'index.last']);

/**
 * Worktrees that are done with, for those that come: of a tree's files most are there already, and making a file takes
 * ten times as long as looking at it. They are out of git's sight; whoever takes one makes it exactly what it has to be.
 */
export class Spares {
  readonly #git: Git;
  readonly #folder: string;
  readonly #free: Checkout[] = [];
  #count = 0;

  constructor(git: Git, stateFolder: string) {
    this.#git = git;
    this.#folder = join(stateFolder, 'spare');
    // What an earlier process kept may be of any state.
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Takes a checkout away; false when there are enough, or the repository is on another disk. */
  keep({ path, gitDir }: Checkout): boolean {
    if (this.#free.length >= MOST) return false;
    mkdirSync(this.#folder, { recursive: true });
    const place = join(this.#folder, String((this.#count += 1)));
    const spare = { path: place, gitDir: `${place}.git` };
    try {
      renameSync(gitDir, spare.gitDir);
    } catch (error) {
      if (hasCode(error, 'EXDEV')) return false;
      throw error;
    }
    renameSync(path, spare.path);
    for (const name of readdirSync(spare.gitDir)) {
      if (!LASTING.has(name)) rmSync(join(spare.gitDir, name), { recursive: true, force: true });
    }
    this.#free.push(spare);
    return true;
  }

  /** The one that was kept last, which is the most like the next. */
  take(): Checkout | null {
    return this.#free.pop() ?? null;
  }

  drop(spare: Checkout): Promise<void> {
    return this.#git.removeFolders([spare.path, spare.gitDir]);
  }

  /** Deletes what nobody took. */
  close(): void {
    this.#free.length = 0;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
