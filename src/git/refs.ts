import { Conversation } from './conversation.ts';
import type { Git } from './git.ts';

/** Logs that are there are kept; one for each task's branch would go with the branch. */
const NO_NEW_LOGS = ['-c', 'core.logAllRefUpdates=false'];

/** Moves refs through a git process that stays open. */
export class RefWriter {
  readonly #refs: Conversation;

  constructor(git: Git, commonDir: string, stateFolder: string) {
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
}
