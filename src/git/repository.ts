import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiffReader } from './diffs.ts';
import type { Git, GitOptions } from './git.ts';
import type { History } from './history.ts';
import type { ObjectWriter } from './loose.ts';
import type { ContentReader } from './contents.ts';
import type { RefWriter } from './refs.ts';
import type { Trees } from './trees.ts';
import type { WorkingTrees } from './working-tree.ts';

/** What the parts of this folder share: one repository, and the folder where the engine keeps its own files. */
export interface Repository {
  git: Git;
  objects: ContentReader;
  trees: Trees;
  workingTrees: WorkingTrees;
  writer: ObjectWriter;
  refs: RefWriter;
  diffs: DiffReader;
  history: History;
  /** The workspace: the user's checkout or the one that the engine created. Absolute, symlinks resolved. */
  root: string;
  /** Refs, objects and the registry of worktrees. */
  commonDir: string;
  /** The git folder of the checkout at `root`. */
  gitDir: string;
  /** `.auton`: worktrees, leases and intents are below it. */
  stateFolder: string;
  /** The engine created the repository, so it may refresh the checkout at `root` while that is clean. */
  created: boolean;
  branchPrefix: string;
  /** Folders of worktrees may be used for others: nothing that ran in one can still be writing to it. */
  recycle: boolean;
  /** The branch that accepted work goes to. */
  targetBranch: string;
  /** Names the archive of what a run leaves behind. */
  run: string;
}

/** Commands on refs and objects. Runs at the root, so that attributes come from the user's checkout only. */
export function atRepository(repository: Repository): GitOptions {
  return { cwd: repository.root, gitDir: repository.commonDir };
}

/** Commands on the checkout at the root. */
export function atRoot(repository: Repository): GitOptions {
  return { cwd: repository.root, gitDir: repository.gitDir, workTree: repository.root };
}

export function branchRef(branch: string): string {
  return `refs/heads/${branch}`;
}

/** The commit a ref points to, or null. */
export async function resolveRef(repository: Repository, ref: string): Promise<string | null> {
  return branchTip(repository, ref) ?? (await repository.objects.find(`${ref}^{commit}`))?.id ?? null;
}

/** Most branches are a file with the commit's name in it; null for what only git knows. */
function branchTip({ commonDir }: Repository, ref: string): string | null {
  if (!/^refs\/heads\/[^^~@:]+$/.test(ref) || ref.includes('..')) return null;
  const text = readNow(join(commonDir, ref));
  return text !== null && /^[0-9a-f]{40,64}$/.test(text) ? text : null;
}

/** The id of what a revision names; an error when it names nothing. */
export async function revParse(repository: Repository, revision: string): Promise<string> {
  const id = branchTip(repository, revision) ?? (await repository.objects.find(revision))?.id;
  if (id === undefined) throw new Error(`${repository.root} has no ${revision}`);
  return id;
}

/** The tree of a commit. */
export async function treeOf(repository: Repository, commit: string): Promise<string> {
  const tree = await repository.history.treeOf(commit);
  if (tree === null) throw new Error(`${repository.root} has no ${commit}`);
  return tree;
}

export function isAncestor(repository: Repository, ancestor: string, descendant: string): Promise<boolean> {
  return repository.git.test(['merge-base', '--is-ancestor', ancestor, descendant], atRepository(repository));
}

/** Creates a ref, or rejects when it exists. */
export function createRef(repository: Repository, ref: string, sha: string): Promise<void> {
  return repository.refs.moveRef(ref, sha, null);
}

/** `name`, or `name-2`, `name-3`, ...: the first for which `taken` is false. */
export async function firstFree(
  name: string,
  taken: (candidate: string) => Promise<boolean>,
): Promise<string> {
  for (let suffix = 1; ; suffix += 1) {
    const candidate = suffix === 1 ? name : `${name}-${suffix}`;
    if (!(await taken(candidate))) return candidate;
  }
}

export function exists(path: string): Promise<boolean> {
  return Promise.resolve(existsSync(path));
}

/**
 * A small file's text without surrounding white space, or null when it cannot be read. Read at once: four trips to
 * Node's threads take ten times as long as reading it.
 */
export function readText(path: string): Promise<string | null> {
  return Promise.resolve(readNow(path));
}

function readNow(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
