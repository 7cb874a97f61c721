import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Conversation } from './conversation.ts';
import type { Git } from './git.ts';

/** Writes commit objects and moves refs through git processes that stay open. */
export class Writer {
  readonly #refs: Conversation;
  readonly #commits: Conversation;
  readonly #folder: string;
  #files = 0;

  constructor(git: Git, commonDir: string, stateFolder: string) {
    const start = (...args: string[]) =>
      new Conversation(() => git.start(['-C', stateFolder, `--git-dir=${commonDir}`, ...args]));
    this.#refs = start('update-ref', '-m', 'auton', '--stdin');
    this.#commits = start('hash-object', '-t', 'commit', '-w', '--no-filters', '--stdin-paths');
    this.#folder = stateFolder;
  }

  /**
   * Moves a ref in a transaction of its own. `expected` null: it must not exist; `sha` null: it is deleted.
   * Rejects when it is not where it was expected.
   */
  async moveRef(ref: string, sha: string | null, expected: string | null): Promise<void> {
    const change =
      sha === null
        ? `delete ${ref} ${expected ?? ''}`
        : expected === null
          ? `create ${ref} ${sha}`
          : `update ${ref} ${sha} ${expected}`;
    await this.#refs.ask(`start\n${change}\ncommit\n`, 2).catch((error: unknown) => {
      throw new Error(`git refused to ${change}: ${error instanceof Error ? error.message : ''}`, {
        cause: error,
      });
    });
  }

  /** Stores a commit object, which git checks and names. */
  async storeCommit(content: string): Promise<string> {
    const name = `commit-${process.pid}-${(this.#files += 1)}`;
    const file = join(this.#folder, name);
    writeFileSync(file, content);
    try {
      const [sha = ''] = await this.#commits.ask(`${name}\n`, 1);
      return sha;
    } finally {
      rmSync(file, { force: true });
    }
  }

  close(): void {
    this.#refs.close();
    this.#commits.close();
  }
}
