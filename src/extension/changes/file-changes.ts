import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitError, type GitOptions } from '../../git/git.ts';
import { findCheckout } from '../../git/find-checkout.ts';
import { inCheckout } from '../../git/pending.ts';
import { GoneError, type Repository } from './repository.ts';

/** Added, modified, deleted, renamed, or of another type (a link became a file). */
export type ChangeStatus = 'A' | 'M' | 'D' | 'R' | 'T';

export interface FileChange {
  status: ChangeStatus;
  /** For a rename the new path. */
  path: string;
  oldPath?: string;
  /** Git modes; "120000" is a link, "160000" a submodule, "000000" nothing. */
  oldMode: string;
  mode: string;
  /** Lines; null for binary files. */
  added: number | null;
  removed: number | null;
}

const COMPARE = [
  '-r',
  '-M',
  '--raw',
  '--numstat',
  '-z',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--no-relative',
  '--ignore-submodules=dirty',
];
/** What is not added to git yet is read to count its lines, up to this size and this many. */
const MAX_COUNTED_BYTES = 1024 * 1024;
const MAX_UNTRACKED = 1000;

/** The files that differ between two commits or trees. */
export async function changesBetween(
  repository: Repository,
  base: string,
  head: string,
): Promise<FileChange[]> {
  const options = { cwd: repository.path, gitDir: repository.commonDir };
  return parseChanges(await text(repository, ['diff-tree', ...COMPARE, base, head], options));
}

/**
 * The files of a worktree that differ from `since`, also those that git does not know yet. Unlike everything else here
 * this applies filters that the repository's configuration may name: only for trusted folders.
 */
export async function changesInWorktree(
  repository: Repository,
  worktree: string,
  since: string,
): Promise<FileChange[]> {
  const checkout = await findCheckout(repository.commonDir, worktree);
  if (!checkout) throw new GoneError('worktree', worktree);
  // The engine works in the same checkout: its locks are left to it.
  const options = { ...inCheckout(checkout), env: { GIT_OPTIONAL_LOCKS: '0' } };
  const [known, others] = await Promise.all([
    text(repository, ['diff', ...COMPARE, since, '--'], options),
    text(repository, ['ls-files', '--others', '--exclude-standard', '-z'], options),
  ]);
  const untracked = others.split('\0').filter((path) => path !== '' && !path.endsWith('/'));
  const added = await Promise.all(
    untracked.slice(0, MAX_UNTRACKED).map((path) => untrackedFile(worktree, path)),
  );
  return [...parseChanges(known), ...added].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * First all records `:<mode> <mode> <id> <id> <status>\0<path>\0[<path>\0]`, then for the same files
 * `<added>\t<removed>\t<path>\0`, or for renames `<added>\t<removed>\t\0<path>\0<path>\0`.
 */
export function parseChanges(output: string): FileChange[] {
  const fields = output.split('\0');
  const changes = new Map<string, FileChange>();
  let at = 0;
  const next = () => fields[at++] ?? '';
  while (fields[at]?.startsWith(':')) {
    const [oldMode = '', mode = '', , , letter = ''] = next().slice(1).split(' ');
    const first = next();
    const moved = letter.startsWith('R') || letter.startsWith('C');
    const path = moved ? next() : first;
    changes.set(path, {
      status: statusOf(letter),
      path,
      ...(letter.startsWith('R') ? { oldPath: first } : {}),
      oldMode,
      mode,
      added: 0,
      removed: 0,
    });
  }
  while (at < fields.length) {
    const [, added = '', removed = '', name = ''] = /^(\d+|-)\t(\d+|-)\t([^]*)$/.exec(next()) ?? [];
    if (added === '') continue; // the end
    let path = name;
    if (path === '') {
      next();
      path = next();
    }
    const change = changes.get(path);
    if (!change) throw new Error(`git counted the lines of ${path}, which it did not report`);
    change.added = sum(change.added, added);
    change.removed = sum(change.removed, removed);
  }
  return [...changes.values()];
}

function statusOf(letter: string): ChangeStatus {
  switch (letter[0]) {
    case 'A':
    case 'C':
      return 'A';
    case 'M':
    case 'U': // unresolved conflict
      return 'M';
    case 'D':
    case 'R':
    case 'T':
      return letter[0];
    default:
      throw new Error(`git reported an unknown status: ${letter}`);
  }
}

/** A file whose type changed is counted twice. */
function sum(before: number | null, count: string): number | null {
  return before === null || count === '-' ? null : before + Number(count);
}

async function untrackedFile(worktree: string, path: string): Promise<FileChange> {
  const change: FileChange = {
    status: 'A',
    path,
    oldMode: '000000',
    mode: '100644',
    added: null,
    removed: 0,
  };
  try {
    const stat = await lstat(join(worktree, path));
    if (stat.isSymbolicLink()) return { ...change, mode: '120000', added: 1 };
    if (!stat.isFile() || stat.size > MAX_COUNTED_BYTES) return change;
    const content = await readFile(join(worktree, path));
    if (content.includes(0)) return change;
    return { ...change, added: lines(content) };
  } catch {
    return change; // the agent has removed it meanwhile
  }
}

function lines(content: Buffer): number {
  let count = content.length > 0 && content.at(-1) !== 0x0a ? 1 : 0;
  for (let at = content.indexOf(0x0a); at >= 0; at = content.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

async function text(repository: Repository, args: string[], options: GitOptions): Promise<string> {
  try {
    return await repository.git.text(args, options);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw (await repository.whyGone(args.filter((arg) => /^[0-9a-f]{40,64}$/.test(arg)))) ?? error;
  }
}
