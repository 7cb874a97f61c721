import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Conversation } from './conversation.ts';
import type { Git } from './git.ts';

/** Logs that are there are kept; one for each task's branch would go with the branch. */
const NO_NEW_LOGS = ['-c', 'core.logAllRefUpdates=false'];

/** The names that tasks' branches have. */
const SIMPLE = /^refs\/heads(\/[a-z0-9][a-z0-9_-]*){2,}$/i;

/** Moves refs: the branches of tasks by git's own protocol of lock files, all others by a git process that stays open. */
export class RefWriter {
  readonly #refs: Conversation;
  readonly #commonDir: string;

  constructor(git: Git, commonDir: string, stateFolder: string) {
    this.#commonDir = commonDir;
    this.#refs = new Conversation(() =>
      git.start([
        '-C',
        stateFolder,
        `--git-dir=${commonDir}`,
        ...NO_NEW_LOGS,
        'update-ref',
        '-m',
        'auton',
        '--stdin',
      ]),
    );
  }

  /**
   * Moves a ref in a transaction of its own. `expected` null: it must not exist; `sha` null: it is deleted.
   * Rejects when it is not where it was expected.
   */
  async moveRef(ref: string, sha: string | null, expected: string | null): Promise<void> {
    if (this.#isSimple(ref) && this.#move(ref, sha, expected)) return;
    const change =
      sha === null
        ? `delete ${ref} ${expected ?? ''}`
        : expected === null
          ? `create ${ref} ${sha}`
          : `update ${ref} ${sha} ${expected}`;
    await this.#refs.ask(`start\n${change}\ncommit\n`, { lines: 2 }).catch((error: unknown) => {
      throw new Error(`git refused to ${change}: ${error instanceof Error ? error.message : ''}`, {
        cause: error,
      });
    });
  }

  close(): void {
    this.#refs.close();
  }

  /** A branch of ordinary name that nothing else tells of: no log, no entry among the packed refs, no HEAD. */
  #isSimple(ref: string): boolean {
    if (!SIMPLE.test(ref) || existsSync(join(this.#commonDir, 'logs', ref))) return false;
    const packed = this.#read('packed-refs') ?? '';
    const above = ref.split('/').map((_, at, parts) => parts.slice(0, at).join('/'));
    if (packed.includes(` ${ref}`) || above.some((name) => packed.includes(` ${name}\n`))) return false;
    return this.#read('HEAD')?.trim() !== `ref: ${ref}`;
  }

  /** False when it was not done; git then does it, or says why not. */
  #move(ref: string, sha: string | null, expected: string | null): boolean {
    const file = join(this.#commonDir, ref);
    let fd: number | null = null;
    try {
      mkdirSync(dirname(file), { recursive: true });
      // The lock of one that goes can be the file itself under a second name, which spares a new file.
      if (sha === null) linkSync(file, `${file}.lock`);
      else fd = openSync(`${file}.lock`, 'wx');
    } catch {
      return false;
    }
    let isLocked = true;
    try {
      // One that a power cut emptied counts as none.
      if ((this.#read(ref)?.trim() || null) !== expected) return false;
      if (fd === null) rmSync(file);
      else {
        writeSync(fd, `${sha}\n`);
        renameSync(`${file}.lock`, file);
        isLocked = false;
      }
      return true;
    } catch {
      return false;
    } finally {
      if (fd !== null) closeSync(fd);
      if (isLocked) rmSync(`${file}.lock`, { force: true });
    }
  }

  #read(name: string): string | null {
    try {
      return readFileSync(join(this.#commonDir, name), 'utf8');
    } catch {
      return null;
    }
  }
}
