import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ContentReader } from '../../git/contents.ts';
import type { Git } from '../../git/git.ts';
import { branchRef } from '../../git/repository.ts';
import { hasCode } from '../../protocol/errors.ts';

/** An open `git cat-file` that nobody asked anything for so long is ended. */
const IDLE_MS = 60_000;

/** What is not there any more: the whole repository, a worktree, a commit, or the file in the commit. */
export class GoneError extends Error {
  readonly what: 'repository' | 'worktree' | 'commit' | 'file';

  constructor(what: GoneError['what'], name: string) {
    super(`${what} ${name} is gone`);
    this.name = 'GoneError';
    this.what = what;
  }
}

export interface CommitFile {
  kind: 'file' | 'link' | 'submodule';
  /** The blob's id; of a submodule its commit. */
  id: string;
}

export interface Commit {
  id: string;
  parents: string[];
  author: string;
  /** Seconds since 1970. */
  time: number;
  message: string;
}

/** A run's git repository, read by objects only: that executes nothing of it, so it may be done in any folder. */
export class Repository {
  readonly path: string;
  /** Refs, objects and the registry of worktrees. */
  readonly commonDir: string;
  readonly git: Git;
  readonly #reader: ContentReader;
  #idle: NodeJS.Timeout | undefined;

  private constructor(path: string, commonDir: string, git: Git) {
    this.path = path;
    this.commonDir = commonDir;
    this.git = git;
    this.#reader = new ContentReader(() =>
      git.start([`--git-dir=${commonDir}`, 'cat-file', '--batch-command']),
    );
  }

  static async open(path: string, git: Git): Promise<Repository> {
    const commonDir = await commonDirOf(path);
    if (commonDir === null) throw new GoneError('repository', path);
    return new Repository(path, commonDir, git);
  }

  /** Rejects with a GoneError when the commit or the file in it is not there. */
  async file(commit: string, path: string): Promise<CommitFile> {
    let entry: TreeEntry | undefined = { mode: '40000', name: '', id: `${commit}^{tree}` };
    for (const name of path.split('/')) {
      const tree: Buffer | null = entry.mode === '40000' ? await this.read(entry.id) : Buffer.alloc(0);
      if (!tree) throw await this.#gone(entry.name === '' ? 'commit' : 'file', commit);
      entry = parseTree(tree, commit.length / 2).find((candidate) => candidate.name === name);
      if (!entry) throw new GoneError('file', path);
    }
    const kind = entry.mode === '160000' ? 'submodule' : entry.mode === '120000' ? 'link' : 'file';
    return { kind, id: entry.id };
  }

  /** Rejects with a GoneError when it is not there. */
  async bytes(blob: string): Promise<number> {
    this.#stayOpen();
    const found = await this.#reader.find(blob);
    if (!found) throw await this.#gone('file', blob);
    return found.bytes;
  }

  /** The content of a tree or blob, or null. */
  async read(id: string): Promise<Buffer | null> {
    this.#stayOpen();
    return (await this.#reader.read(id))?.content ?? null;
  }

  /** The commit that a revision names, or null. */
  async commit(revision: string): Promise<Commit | null> {
    this.#stayOpen();
    const found = await this.#reader.read(`${revision}^{commit}`);
    return found && parseCommit(found.object.id, found.content.toString());
  }

  branch(name: string): Promise<Commit | null> {
    return this.commit(branchRef(name));
  }

  /** Which of these commits or trees, or the repository itself, is not there any more; null when all are. */
  async whyGone(ids: string[]): Promise<GoneError | null> {
    if ((await commonDirOf(this.path)) === null) return new GoneError('repository', this.path);
    for (const id of ids) if (!(await this.#reader.find(id))) return new GoneError('commit', id);
    return null;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#reader.close();
  }

  async #gone(what: 'commit' | 'file', name: string): Promise<GoneError> {
    return (await this.whyGone([])) ?? new GoneError(what, name);
  }

  #stayOpen(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#reader.close(), IDLE_MS);
    this.#idle.unref();
  }
}

/** Where `.git` leads, or null when there is none. */
async function commonDirOf(root: string): Promise<string | null> {
  const link = join(root, '.git');
  try {
    if ((await stat(link)).isDirectory()) return link;
    const [, target] = /^gitdir: (.+)/.exec(await readFile(link, 'utf8')) ?? [];
    if (target === undefined) return null;
    const gitDir = resolve(root, target.trimEnd());
    const common = await readFile(join(gitDir, 'commondir'), 'utf8').catch(() => '.');
    return resolve(gitDir, common.trimEnd());
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') || hasCode(error, 'EACCES')) return null;
    throw error;
  }
}

interface TreeEntry {
  mode: string;
  name: string;
  id: string;
}

/** `<mode> <name>\0<id>` again and again; the id has `width` bytes. */
function parseTree(tree: Buffer, width: number): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < tree.length;) {
    const space = tree.indexOf(0x20, at);
    const end = tree.indexOf(0, space);
    entries.push({
      mode: tree.toString('utf8', at, space),
      name: tree.toString('utf8', space + 1, end),
      id: tree.toString('hex', end + 1, end + 1 + width),
    });
    at = end + 1 + width;
  }
  return entries;
}

/** Header lines, an empty one, the message. */
function parseCommit(id: string, text: string): Commit {
  const end = text.includes('\n\n') ? text.indexOf('\n\n') : text.length;
  const header = text.slice(0, end).split('\n');
  const [, author = '', time = '0'] =
    header.map((line) => /^author (.*?) ?<[^>]*> (\d+)/.exec(line)).find((match) => match !== null) ?? [];
  const parents = header.filter((line) => line.startsWith('parent ')).map((line) => line.slice(7));
  return { id, parents, author, time: Number(time), message: text.slice(end).trim() };
}
