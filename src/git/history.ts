import type { ContentReader } from './contents.ts';

/** So many commits are looked at here; what is further away is git's to answer. */
const MAX_COMMITS = 256;

const FULL_NAME = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/**
 * How commits follow each other and which trees they have, as far as every task asks for it. Neither ever changes, so
 * each commit is looked up once, in the open `git cat-file`, and one that was made here not even that.
 */
export class History {
  readonly #objects: ContentReader;
  readonly #parents = new Map<string, string[]>();
  readonly #trees = new Map<string, string>();

  constructor(objects: ContentReader) {
    this.#objects = objects;
  }

  /** A commit that was just made. */
  add(commit: string, tree: string, parents: string[]): void {
    this.#trees.set(commit, tree);
    this.#parents.set(commit, parents.slice(0, 3));
  }

  /** The tree of a commit or another revision; null when there is no such thing. */
  async treeOf(revision: string): Promise<string | null> {
    const known = this.#trees.get(revision);
    if (known !== undefined) return known;
    const found = await this.#objects.find(`${revision}^{tree}`);
    if (found && FULL_NAME.test(revision)) this.#trees.set(revision, found.id);
    return found?.id ?? null;
  }

  /**
   * The best common ancestor of two commits where `head` has nothing merged into it since; null where only git can
   * tell, or where there is none.
   */
  async mergeBase(target: string, head: string): Promise<string | null> {
    const line = new Map<string, number>();
    let firstMerge = Infinity;
    for (let at: string | undefined = head; at !== undefined && line.size < MAX_COMMITS;) {
      const parents: string[] = await this.#parentsOf(at);
      if (parents.length > 1) firstMerge = Math.min(firstMerge, line.size);
      line.set(at, line.size);
      at = parents[0];
    }
    // Everything that the target has and the line has not; where it meets the line, the rest is the line's.
    const seen = new Set([target]);
    let best: { sha: string; position: number } | null = null;
    for (const sha of seen) {
      const position = line.get(sha);
      if (position !== undefined) {
        if (!best || position < best.position) best = { sha, position };
        continue;
      }
      if (seen.size > MAX_COMMITS) return null;
      const parents = await this.#parentsOf(sha);
      if (parents.length > 2) return null; // there may be more of them
      for (const parent of parents) seen.add(parent);
    }
    return best && best.position <= firstMerge ? best.sha : null;
  }

  /** The first three parents. */
  async #parentsOf(sha: string): Promise<string[]> {
    const known = this.#parents.get(sha);
    if (known) return known;
    const found = await Promise.all([1, 2, 3].map((number) => this.#objects.find(`${sha}^${number}`)));
    const parents = found.flatMap((parent) => parent?.id ?? []);
    this.#parents.set(sha, parents);
    return parents;
  }
}
