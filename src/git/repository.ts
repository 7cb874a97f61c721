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

/** The commit a ref points to, or null. Most refs are a file with its name in it; git knows the others. */
export async function resolveRef(repository: Repository, ref: string): Promise<string | null> {
  const text = await readText(join(repository.commonDir, ref));
  if (text !== null && ref.startsWith('refs/heads/') && /^[0-9a-f]{40,64}$/.test(text)) return text;
  return (await repository.objects.find(`${ref}^{commit}`))?.id ?? null;
}

/** The id of what a revision names; an error when it names nothing. */
export async function revParse(repository: Repository, revision: string): Promise<string> {
  const found = await repository.objects.find(revision);
  if (!found) throw new Error(`${repository.root} has no ${revision}`);
  return found.id;
}

/** The tree of a commit. */
export function treeOf(repository: Repository, commit: string): Promise<string> {
  return revParse(repository, `${commit}^{tree}`);
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
  try {
    return Promise.resolve(readFileSync(path, 'utf8').trim());
  } catch {
    return Promise.resolve(null);
  }
}
