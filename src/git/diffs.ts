import { randomBytes } from 'node:crypto';
import { Conversation } from './conversation.ts';
import type { Git } from './git.ts';

const COMPARE = [
  'diff-tree',
  '--stdin',
  '-r',
  '-M',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--full-index',
];

/** Compares trees through git processes that stay open; they take attributes as they are when first asked. */
export class DiffReader {
  readonly #unified: Conversation;
  readonly #raw: Conversation;
  /** git repeats what is no name of an object; nobody who does not read this process's memory can guess it. */
  readonly #mark = randomBytes(16).toString('hex');

  constructor(git: Git, commonDir: string, root: string) {
    const start = (...args: string[]) =>
      new Conversation(() => git.start(['-C', root, `--git-dir=${commonDir}`, ...COMPARE, ...args]));
    this.#unified = start('-p');
    this.#raw = start('--raw', '-p', '-U0', '-z');
  }

  /** The unified diff between two trees. */
  unified(base: string, head: string): Promise<string> {
    return this.#ask(this.#unified, base, head);
  }

  /** Records of `git diff-tree --raw -z`, then the patch without context. */
  raw(base: string, head: string): Promise<string> {
    return this.#ask(this.#raw, base, head);
  }

  close(): void {
    this.#unified.close();
    this.#raw.close();
  }

  async #ask(conversation: Conversation, base: string, head: string): Promise<string> {
    const end = `${this.#mark}\n`;
    const answer = await conversation.ask(`${base} ${head}\n${end}`, { mark: end });
    // Before the answer come the two names.
    return answer.slice(answer.indexOf('\n') + 1, -end.length);
  }
}
