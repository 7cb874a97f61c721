import { createHash } from 'node:crypto';
import { lstat, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../protocol/errors.ts';
import { GitError } from './git.ts';
import {
  atRepository,
  atRoot,
  branchRef,
  readText,
  resolveRef,
  revParse,
  treeOf,
  type Repository,
} from './repository.ts';
import { rewrite } from './rewrite.ts';
import { targetState } from './target.ts';

/** Somebody else moved the target branch. */
export class MovedError extends Error {
  readonly actual: string | null;

  constructor(branch: string, expected: string, actual: string | null) {
    super(`${branch} is at ${actual ?? 'no commit'}, not at ${expected}`);
    this.name = 'MovedError';
    this.actual = actual;
  }
}

/** The target branch is checked out where it cannot be refreshed without touching the user's work. */
export class CheckoutDirtyError extends UserError {
  constructor(message: string, remedy: string, options: { cause?: unknown } = {}) {
    super(message, remedy, options);
    this.name = 'CheckoutDirtyError';
  }
}

/**
 * Moves the target branch from `expected` to `sha`, together with the created workspace's checkout of it.
 * The intent is written first, so that a checkout that was half refreshed is recognised after a crash.
 */
export async function moveTarget(repository: Repository, expected: string, sha: string): Promise<void> {
  const { git, root, targetBranch } = repository;
  const ref = branchRef(targetBranch);
  const { sha: actual, checkout } = await targetState(repository, targetBranch);
  if (actual !== expected) throw new MovedError(targetBranch, expected, actual);

  if (checkout === null) {
    await compareAndSwap(repository, expected, sha);
  } else if (checkout === root && repository.created) {
    await refresh(repository, { branch: targetBranch, expected, sha });
    try {
      await compareAndSwap(repository, expected, sha);
    } catch (error) {
      await git.text(['read-tree', '-m', '-u', sha, expected], atRoot(repository));
      throw error;
    } finally {
      rewrite(intentFile(repository), NO_INTENT);
    }
  } else {
    throw new CheckoutDirtyError(
      `${targetBranch} is checked out in ${checkout}.`,
      'Switch that checkout to another branch, then run: auton resume',
    );
  }

  const now = await revParse(repository, ref);
  if (now !== sha) throw new MovedError(targetBranch, sha, now);
}

/**
 * Finishes or takes back a refresh of the created checkout that was cut off; leaves the user's edits alone.
 * False when there was none.
 */
export async function mendCheckout(repository: Repository): Promise<boolean> {
  const text = await readText(intentFile(repository));
  if (text === null || text === NO_INTENT) return false;
  const intent = intentSchema.safeParse(parseJson(text)).data;
  if (intent && (await targetState(repository, intent.branch)).checkout === repository.root) {
    await rm(join(repository.gitDir, 'index.lock'), { force: true });
    const paths = await changedPaths(repository, intent);
    if (!paths.some((path) => path.byUser)) await restore(repository, paths);
  }
  rewrite(intentFile(repository), NO_INTENT);
  return true;
}

const intentSchema = z.object({ branch: z.string(), expected: z.string(), sha: z.string() });
type Intent = z.infer<typeof intentSchema>;

/** What is in the file while nothing is being refreshed. */
const NO_INTENT = 'none';

/** Says what the checkout is being refreshed to. */
function intentFile(repository: Repository): string {
  return join(repository.stateFolder, 'fast-forward.json');
}

/** Makes the checkout what it will be, or rejects and leaves it as it was. */
async function refresh(repository: Repository, intent: Intent): Promise<void> {
  const { git, root, gitDir } = repository;
  const { expected, sha } = intent;
  const begin = () => rewrite(intentFile(repository), JSON.stringify(intent));
  const [from, to] = await Promise.all([expected, sha].map((commit) => treeOf(repository, commit)));
  const files = { path: root, index: join(gitDir, 'index') };
  const ready = await repository.workingTrees.refresh(files, from!, to!, join(gitDir, 'auton-file'));
  if (ready) {
    try {
      begin();
      ready.apply();
    } catch (error) {
      ready.cancel();
      await mendCheckout(repository);
      throw error;
    }
    return;
  }
  await requireClean(repository);
  begin();
  await git.text(['read-tree', '-m', '-u', expected, sha], atRoot(repository)).catch((error: unknown) => {
    if (!(error instanceof GitError)) throw error;
    throw new CheckoutDirtyError(
      `${root} has untracked files that the accepted work would overwrite: ${error.stderr.trim()}`,
      `Move them away, then run: auton resume`,
      { cause: error },
    );
  });
}

async function compareAndSwap(repository: Repository, expected: string, sha: string): Promise<void> {
  const ref = branchRef(repository.targetBranch);
  await repository.refs.moveRef(ref, sha, expected).catch(async (error: unknown) => {
    const actual = await resolveRef(repository, ref);
    if (actual === sha) return; // git was killed after it had moved the ref
    if (actual !== expected) throw new MovedError(repository.targetBranch, expected, actual);
    throw error;
  });
}

async function requireClean(repository: Repository): Promise<void> {
  const status = await repository.git.text(
    ['status', '--porcelain', '-z', '--untracked-files=no', '--ignore-submodules=dirty'],
    atRoot(repository),
  );
  if (status === '') return;
  const files = status.split('\0').filter(Boolean).length;
  throw new CheckoutDirtyError(
    `${repository.root} has uncommitted changes in ${files} ${files === 1 ? 'file' : 'files'}.`,
    `Commit or stash them in ${repository.root}, then run: auton resume`,
  );
}

interface ChangedPath {
  path: string;
  /** Neither the old nor the new content is there: somebody else wrote it. */
  byUser: boolean;
}

async function changedPaths(repository: Repository, { expected, sha }: Intent): Promise<ChangedPath[]> {
  const raw = await repository.git.text(
    ['diff-tree', '-r', '-z', '--no-renames', expected, sha],
    atRepository(repository),
  );
  const fields = raw.split('\0');
  const paths: ChangedPath[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, , before = '', after = ''] = fields[i]?.split(' ') ?? [];
    const path = fields[i + 1] ?? '';
    const now = await blobId(join(repository.root, path), after.length);
    paths.push({ path, byUser: now !== before && now !== after });
  }
  return paths;
}

/** git's name for the file's content; all zeros when there is no file. */
async function blobId(path: string, digits: number): Promise<string> {
  const stat = await lstat(path).catch(() => null);
  if (!stat) return '0'.repeat(digits);
  if (!stat.isFile() && !stat.isSymbolicLink()) return '';
  const content = stat.isSymbolicLink() ? Buffer.from(await readlink(path)) : await readFile(path);
  return createHash(digits === 64 ? 'sha256' : 'sha1')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest('hex');
}

/** Makes the given paths and the index what the branch says. */
async function restore(repository: Repository, paths: ChangedPath[]): Promise<void> {
  const { git, root } = repository;
  await git.text(['read-tree', 'HEAD'], atRoot(repository));
  const tracked = new Set(
    (await git.text(['ls-files', '-z'], atRoot(repository))).split('\0').filter(Boolean),
  );
  for (const { path } of paths) if (!tracked.has(path)) await rm(join(root, path), { force: true });
  const present = paths.filter(({ path }) => tracked.has(path)).map(({ path }) => `${path}\0`);
  await git.text(['checkout-index', '-f', '-z', '--stdin'], {
    ...atRoot(repository),
    input: present.join(''),
  });
  await git.run(['update-index', '-q', '--refresh'], atRoot(repository));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // written half: the checkout had not been touched yet
  }
}
