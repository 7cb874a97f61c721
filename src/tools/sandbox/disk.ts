import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../../protocol/errors.ts';

export interface FolderUse {
  bytes: number;
  /** Every `.git` below the folder other than its own. */
  strayGit: string[];
}

/** What a folder takes on disk, its own `.git` not counted. Files that come and go meanwhile do not disturb it. */
export async function measureFolder(folder: string): Promise<FolderUse> {
  const use: FolderUse = { bytes: 0, strayGit: [] };
  await addFolder(folder, folder, use);
  return use;
}

async function addFolder(folder: string, root: string, use: FolderUse): Promise<void> {
  const entries = await readFolder(folder);
  await Promise.all(
    entries.map(async (entry) => {
      const target = path.join(folder, entry.name);
      if (entry.name.toLowerCase() === '.git') {
        if (target === path.join(root, '.git')) return;
        use.strayGit.push(target);
      }
      if (entry.isDirectory()) return addFolder(target, root, use);
      const stats = await lstat(target).catch(ignoreVanished);
      use.bytes += (stats?.blocks ?? 0) * 512;
    }),
  );
}

async function readFolder(folder: string) {
  const read = () => readdir(folder, { withFileTypes: true });
  try {
    return await read().catch(async (error: unknown) => {
      if (!hasCode(error, 'EACCES')) throw error;
      await chmod(folder, 0o700);
      return await read();
    });
  } catch (error) {
    ignoreVanished(error);
    return [];
  }
}

function ignoreVanished(error: unknown): undefined {
  if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
  throw error;
}

/**
 * Removes repositories inside the worktree. Git run by the engine would enter one and obey its configuration, which may
 * name programs to start: a way out of the sandbox.
 */
export async function removeStrayGit(use: FolderUse, folder: string): Promise<string[]> {
  for (const target of use.strayGit) await rm(target, { recursive: true, force: true });
  return use.strayGit.map(
    (target) => `Removed ${path.relative(folder, target)}: a repository inside the worktree is not allowed.`,
  );
}
