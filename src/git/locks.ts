import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import { branchRef, type Repository } from './repository.ts';

/** git holds a lock for milliseconds; one this old was left by a process that was killed. */
const STALE_MS = 10_000;

/** Removes lock files that a killed engine left on refs that only engines change. */
export async function removeOwnLocks(repository: Repository): Promise<void> {
  const { commonDir, branchPrefix, created } = repository;
  for (const namespace of [`refs/heads/${branchPrefix}`, 'refs/heads/auton', 'refs/auton']) {
    const folder = join(commonDir, namespace);
    const files = await readdir(folder, { recursive: true }).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return [];
      throw error;
    });
    for (const file of files) if (file.endsWith('.lock')) await rm(join(folder, file), { force: true });
  }
  if (!created) return;
  for (const name of ['packed-refs.lock', `${branchRef(repository.targetBranch)}.lock`]) {
    const file = join(commonDir, name);
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_MS) await rm(file, { force: true });
  }
}

/** Removes what a killed process left in the git folder of a worktree that only the engine uses. */
export async function removeWorktreeLocks(gitDir: string): Promise<void> {
  for (const name of ['index.lock', 'HEAD.lock']) await rm(join(gitDir, name), { force: true });
}
