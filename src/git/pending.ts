import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import type { GitOptions } from './git.ts';
import { exists, type Repository } from './repository.ts';

/** Limits on what one commit takes from a worktree, so that an agent cannot fill the repository. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_COMMIT_BYTES = 256 * 1024 * 1024;

/** A worktree's checkout, addressed so that nothing an agent writes into it can redirect git. */
export interface Checkout {
  path: string;
  /** `<common>/worktrees/<id>`. */
  gitDir: string;
}

export interface LeftOut {
  path: string;
  /** An embedded repository would run its own configuration; a huge file would stay in the history for ever. */
  reason: 'repository' | 'size';
  bytes: number;
}

export interface Pending {
  /** The checkout's commit. */
  head: string;
  /** The branch that is checked out; null when none is. */
  branch: string | null;
  /** Paths that are new or differ from `head`. */
  paths: string[];
  /** Paths that are no files any more; a folder or a link may have taken their place. */
  deleted: string[];
  leftOut: LeftOut[];
  /** Files with unresolved conflicts. */
  unmerged: string[];
}

export function inCheckout(checkout: Checkout): GitOptions {
  return { cwd: checkout.path, gitDir: checkout.gitDir, workTree: checkout.path };
}

/** What has changed in a checkout since its last commit. */
export async function pending(repository: Repository, checkout: Checkout): Promise<Pending> {
  const text = await repository.git.text(
    [
      'status',
      '--porcelain=v2',
      '--branch',
      '-z',
      '--untracked-files=all',
      '--no-renames',
      '--ignore-submodules=dirty',
    ],
    inCheckout(checkout),
  );
  const result: Pending = { head: '', branch: null, paths: [], deleted: [], leftOut: [], unmerged: [] };
  let total = 0;
  for (const record of text.split('\0')) {
    if (record.startsWith('# branch.oid ')) result.head = record.slice('# branch.oid '.length);
    if (record.startsWith('# branch.head ') && !record.endsWith(' (detached)')) {
      result.branch = record.slice('# branch.head '.length);
    }
    const path = pathOf(record);
    if (path === null) continue;
    if (record.startsWith('u ')) result.unmerged.push(path);
    if (record.startsWith('1 ') && record[3] === 'D') {
      result.deleted.push(path);
      continue;
    }
    const { bytes, isFolder } = await sizeOf(join(checkout.path, path));
    if (isFolder) result.leftOut.push({ path: path.replace(/\/$/, ''), reason: 'repository', bytes: 0 });
    else if (bytes > MAX_FILE_BYTES || total + bytes > MAX_COMMIT_BYTES) {
      result.leftOut.push({ path, reason: 'size', bytes });
    } else {
      total += bytes;
      result.paths.push(path);
    }
  }
  return result;
}

/** The files of a merge in progress that still hold conflict markers. */
export async function unresolved(checkout: Checkout, files: string[]): Promise<string[]> {
  const marked: string[] = [];
  for (const file of files) {
    const text = await readFile(join(checkout.path, file), 'utf8').catch(() => '');
    if (/^(<{7} |>{7} )/m.test(text)) marked.push(file);
  }
  return marked;
}

export function mergeInProgress(checkout: Checkout): Promise<boolean> {
  return exists(join(checkout.gitDir, 'MERGE_HEAD'));
}

/** The path of a record of `git status --porcelain=v2`, or null for other lines. */
function pathOf(record: string): string | null {
  const fieldsBefore = { '1': 8, u: 10, '?': 1 }[record[0] ?? ''];
  if (fieldsBefore === undefined || record[1] !== ' ') return null;
  let at = 0;
  for (let field = 0; field < fieldsBefore; field += 1) at = record.indexOf(' ', at) + 1;
  return record.slice(at);
}

/** A path's size; a folder where git reports a path is an embedded repository. */
async function sizeOf(path: string): Promise<{ bytes: number; isFolder: boolean }> {
  try {
    const stat = await lstat(path);
    return { bytes: stat.isFile() ? stat.size : 0, isFolder: stat.isDirectory() };
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return { bytes: 0, isFolder: false };
    throw error;
  }
}
