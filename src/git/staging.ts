import { rmSync } from 'node:fs';
import { copyFile, lstat, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import type { GitOptions, Identity } from './git.ts';
import { branchRef, exists, readText, type Repository } from './repository.ts';

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

export interface CommitText {
  message: string;
  author: Identity;
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

/** The tree that a commit of the checkout would have. Its index stays as it is. */
export async function snapshot(
  repository: Repository,
  checkout: Checkout,
): Promise<{ tree: string; leftOut: LeftOut[] }> {
  const changed = await pending(repository, checkout);
  const { head, leftOut } = changed;
  if (isEmpty(changed)) return { tree: head, leftOut };
  const index = join(checkout.gitDir, 'index.snapshot');
  try {
    await copyFile(join(checkout.gitDir, 'index'), index);
    return { tree: await writeTree(repository, checkout, changed, { GIT_INDEX_FILE: index }), leftOut };
  } finally {
    await rm(index, { force: true });
  }
}

/**
 * Commits everything in the checkout but what is left out, which the message names. Concludes a merge in
 * progress. Null when there is nothing to commit.
 */
export async function commitAll(
  repository: Repository,
  checkout: Checkout,
  { message, author }: CommitText,
): Promise<string | null> {
  const changed = await pending(repository, checkout);
  const { head, branch, leftOut } = changed;
  const merging = await readText(join(checkout.gitDir, 'MERGE_HEAD'));
  if (isEmpty(changed) && merging === null) return null;

  const tree = await writeTree(repository, checkout, changed, {});
  const notes = leftOut.map(({ path, reason }) => `Auton-Left-Out: ${JSON.stringify(path)} (${reason})`);
  const sha = await commitTree(repository, tree, [head, ...(merging?.split('\n') ?? [])], {
    message: [message.trimEnd(), ...notes].join('\n'),
    author,
  });
  if (branch === null) await repository.git.text(['update-ref', 'HEAD', sha, head], inCheckout(checkout));
  else await repository.writer.moveRef(branchRef(branch), sha, head);
  for (const name of ['MERGE_HEAD', 'MERGE_MSG', 'MERGE_MODE', 'AUTO_MERGE']) {
    rmSync(join(checkout.gitDir, name), { force: true });
  }
  return sha;
}

/** A commit object; no ref moves. */
export function commitTree(
  repository: Repository,
  tree: string,
  parents: string[],
  { message, author }: CommitText,
): Promise<string> {
  const time = timestamp(new Date());
  const header = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${person(author)} ${time}`,
    `committer ${person(repository.git.identity)} ${time}`,
  ];
  return repository.writer.storeCommit(`${header.join('\n')}\n\n${message.replaceAll('\0', '')}\n`);
}

/** Without what would end the field, and what git itself trims from a name. */
function person({ name, email }: Identity): string {
  const clean = (text: string) =>
    [...text]
      .filter((char) => char > '\x1f' && char !== '<' && char !== '>')
      .join('')
      .trim();
  return `${clean(name)} <${clean(email)}>`;
}

/** Seconds and the local zone, such as `1767225600 +0100`. */
function timestamp(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const digits = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const zone = digits(Math.abs(minutes) / 60) + digits(Math.abs(minutes) % 60);
  return `${Math.floor(date.getTime() / 1000)} ${minutes < 0 ? '-' : '+'}${zone}`;
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

function isEmpty({ paths, deleted }: Pending): boolean {
  return paths.length + deleted.length === 0;
}

async function writeTree(
  repository: Repository,
  checkout: Checkout,
  { paths, deleted }: Pending,
  env: Record<string, string>,
): Promise<string> {
  const options = { ...inCheckout(checkout), env };
  const stage = (mode: string[], list: string[]) =>
    list.length === 0
      ? undefined
      : repository.git.text(['update-index', '-z', ...mode, '--stdin'], {
          ...options,
          input: list.map((path) => `${path}\0`).join(''),
        });
  await stage(['--force-remove'], deleted);
  await stage(['--add', '--remove', '--replace'], paths);
  return repository.git.text(['write-tree'], options);
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
