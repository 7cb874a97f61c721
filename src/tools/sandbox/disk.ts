import { chmodSync, lstatSync, readdirSync, type Dirent } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasCode } from '../../protocol/errors.ts';

/** A folder that a command may write. */
export interface WritableFolder {
  path: string;
  /** Whether it had a `.git` before the command, which the command then cannot write. */
  hasGit: boolean;
}

export interface FolderUse {
  bytes: number;
  /** Every `.git` that the command made. */
  strayGit: string[];
}

/** Even an empty file takes its place in a folder and an inode, of which a disk has so many. */
const MIN_FILE_BYTES = 4096;
/** Looking at files one by one is five times as fast without promises; in between others get their turn. */
const FILES_A_TURN = 1000;

/**
 * What a folder takes on disk, its own `.git` not counted; infinite when it is nested too deep to be looked at. Files that
 * come and go meanwhile do not disturb it.
 */
export async function measureFolder(folder: WritableFolder): Promise<FolderUse> {
  const use: FolderUse = { bytes: 0, strayGit: [] };
  const ownGit = folder.hasGit ? path.join(folder.path, '.git') : undefined;
  let looked = 0;
  for (const queue = [folder.path]; queue.length > 0;) {
    const current = queue.pop()!;
    for (const entry of readFolder(current, use)) {
      const target = `${current}/${entry.name}`;
      if (entry.name.toLowerCase() === '.git') {
        if (target === ownGit) continue;
        use.strayGit.push(target);
      }
      use.bytes += sizeOf(target, entry);
      if (entry.isDirectory()) queue.push(target);
      if (++looked % FILES_A_TURN === 0) await nextTurn();
    }
  }
  return use;
}

function sizeOf(target: string, entry: Dirent): number {
  if (!entry.isFile()) return MIN_FILE_BYTES;
  const stats = lstatSync(target, { throwIfNoEntry: false });
  return Math.max(MIN_FILE_BYTES, (stats?.blocks ?? 0) * 512);
}

/** The entries of a folder; none when it is gone. A folder made unreadable by an ordinary user is made readable again. */
function readFolder(folder: string, use: FolderUse, again = false): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return [];
    if (hasCode(error, 'ENAMETOOLONG')) {
      use.bytes = Infinity;
      return [];
    }
    if (again || !hasCode(error, 'EACCES')) throw error;
    chmodSync(folder, 0o700);
    return readFolder(folder, use, true);
  }
}

/**
 * Removes repositories inside the worktree. Git run by the engine would enter one and obey its configuration, which may
 * name programs to start: a way out of the sandbox.
 */
export async function removeStrayGit(use: FolderUse, folder: WritableFolder): Promise<string[]> {
  for (const target of use.strayGit) await rm(target, { recursive: true, force: true });
  return use.strayGit.map(
    (target) =>
      `Removed ${path.relative(folder.path, target)}: a repository inside the worktree is not allowed.`,
  );
}
