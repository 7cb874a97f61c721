import { rmSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from './git.ts';
import {
  inCheckout,
  mergeInProgress,
  pending,
  type Checkout,
  type LeftOut,
  type Pending,
} from './pending.ts';
import { branchRef, readText, resolveRef, treeOf, type Repository } from './repository.ts';

export interface CommitText {
  message: string;
  author: Identity;
}

/** What a commit of a checkout would hold. */
export interface Staged {
  /** The checkout's commit. */
  head: string;
  /** The branch that is checked out; null when none is. */
  branch: string | null;
  tree: string;
  leftOut: LeftOut[];
  /** Nothing differs from `head`. */
  isEmpty: boolean;
}

/** The tree that a commit of the checkout would have. Its index stays as it is. */
export function snapshot(repository: Repository, checkout: Checkout): Promise<Staged> {
  return stage(repository, checkout, { keepIndex: true });
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
  const { head, branch, tree, leftOut, isEmpty } = await stage(repository, checkout, { keepIndex: false });
  const merging = await readText(join(checkout.gitDir, 'MERGE_HEAD'));
  if (isEmpty && merging === null) return null;

  const notes = leftOut.map(({ path, reason }) => `Auton-Left-Out: ${JSON.stringify(path)} (${reason})`);
  const sha = commitTree(repository, tree, [head, ...(merging?.split('\n') ?? [])], {
    message: [message.trimEnd(), ...notes].join('\n'),
    author,
  });
  if (branch === null) await repository.git.text(['update-ref', 'HEAD', sha, head], inCheckout(checkout));
  else await repository.refs.moveRef(branchRef(branch), sha, head);
  if (merging === null) return sha;
  for (const name of ['MERGE_HEAD', 'MERGE_MSG', 'MERGE_MODE', 'AUTO_MERGE']) {
    rmSync(join(checkout.gitDir, name), { force: true });
  }
  return sha;
}

/** The agent as a commit's author; `.invalid` is reserved for addresses that must not exist. */
export function authorOf(agent: string): Identity {
  return { name: agent, email: `${agent}@auton.invalid` };
}

/** A commit object; no ref moves. */
export function commitTree(
  repository: Repository,
  tree: string,
  parents: string[],
  { message, author }: CommitText,
): string {
  const time = timestamp(new Date());
  const header = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${person(author)} ${time}`,
    `committer ${person(repository.git.identity)} ${time}`,
  ];
  const content = `${header.join('\n')}\n\n${message.replaceAll('\0', '')}\n`;
  const sha = repository.writer.write('commit', Buffer.from(content));
  repository.history.add(sha, tree, parents);
  return sha;
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

async function stage(
  repository: Repository,
  checkout: Checkout,
  how: { keepIndex: boolean },
): Promise<Staged> {
  return (await stageHere(repository, checkout, how)) ?? stageByGit(repository, checkout, how);
}

/** Without git, as long as everything is ordinary. */
async function stageHere(
  repository: Repository,
  checkout: Checkout,
  { keepIndex }: { keepIndex: boolean },
): Promise<Staged | null> {
  if (await mergeInProgress(checkout)) return null;
  const { workingTrees } = repository;
  const branch = /^ref: refs\/heads\/(.+)$/.exec((await readText(join(checkout.gitDir, 'HEAD'))) ?? '')?.[1];
  const head = branch ? await resolveRef(repository, branchRef(branch)) : null;
  if (!branch || head === null) return null;
  const before = await treeOf(repository, head);
  const files = { path: checkout.path, index: join(checkout.gitDir, 'index') };
  const found = await workingTrees.differences(files, before);
  if (!found) return null;
  const isEmpty = found.changed.size + found.added.size + found.deleted.length === 0;
  if (isEmpty) return { head, branch, tree: before, leftOut: [], isEmpty };
  const tree = await workingTrees.store(before, found);
  if (tree === null || (!keepIndex && !workingTrees.record(files, found))) return null;
  return { head, branch, tree, leftOut: [], isEmpty };
}

async function stageByGit(
  repository: Repository,
  checkout: Checkout,
  { keepIndex }: { keepIndex: boolean },
): Promise<Staged> {
  const changed = await pending(repository, checkout);
  const { head, branch, leftOut } = changed;
  const staged = { head, branch, leftOut, isEmpty: changed.paths.length + changed.deleted.length === 0 };
  if (staged.isEmpty) return { ...staged, tree: await treeOf(repository, head) };
  if (!keepIndex) return { ...staged, tree: await writeTree(repository, checkout, changed, {}) };
  const index = join(checkout.gitDir, 'index.snapshot');
  try {
    await copyFile(join(checkout.gitDir, 'index'), index);
    const tree = await writeTree(repository, checkout, changed, { GIT_INDEX_FILE: index });
    return { ...staged, tree };
  } finally {
    await rm(index, { force: true });
  }
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
