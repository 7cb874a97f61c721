import { constants } from 'node:fs';
import { lstat, mkdir, open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import type { ToolContext } from './tool.ts';
import { fileError, ToolError } from './tool-error.ts';

/** How the model names the files of `ToolContext.outputFolder`, which hold long outputs in full. */
export const OUTPUT_ALIAS = '@output';

/** A checked path, and how to name it to the model. */
export interface Place {
  /** Absolute and free of symbolic links. */
  path: string;
  /** The folder it lies in and cannot leave, free of symbolic links too. */
  root: string;
  shown: string;
}

const MAX_LINKS = 40;

/** A path of the worktree or of `@output/`, for reading. Rejects with a ToolError if it leads anywhere else. */
export async function readablePlace(given: string, context: ToolContext): Promise<Place> {
  if (given === OUTPUT_ALIAS || given.startsWith(`${OUTPUT_ALIAS}/`)) {
    await mkdir(context.outputFolder, { recursive: true });
    const inside = given.slice(OUTPUT_ALIAS.length + 1);
    return resolveWithin(context.outputFolder, inside || '.', given);
  }
  return worktreePlace(given, context);
}

/** A path of the worktree. The file may not exist yet. Rejects with a ToolError if it leads out or into `.git`. */
export async function worktreePlace(given: string, context: ToolContext): Promise<Place> {
  const place = await resolveWithin(context.worktree, given, given);
  const relative = path.relative(place.root, place.path);
  if (relative.split(path.sep).some((part) => part.toLowerCase() === '.git')) {
    throw new ToolError(`${given} belongs to git and is not for tools. Use git_diff, git_commit or shell.`);
  }
  return { ...place, shown: relative || '.' };
}

/**
 * Follows every symbolic link of a path by hand, also a dangling one that a write would create the target of, and makes
 * sure that the end lies inside the folder.
 */
export async function resolveWithin(folder: string, given: string, shown: string): Promise<Place> {
  if (given.includes('\0')) throw new ToolError('A path cannot hold a NUL character.');
  const absolute = path.resolve(folder, given);
  assertWithin(absolute, folder, shown);
  const root = await realpath(folder);
  let links = 0;
  let resolved = root;
  const rest = partsBelow(folder, absolute);
  while (rest.length > 0) {
    const next = path.join(resolved, rest.shift()!);
    const target = await readLink(next, shown);
    if (target === undefined) {
      resolved = next;
      continue;
    }
    if (++links > MAX_LINKS) throw new ToolError(`${shown} runs through too many symbolic links.`);
    const led = path.resolve(resolved, target);
    assertWithin(led, root, shown);
    rest.unshift(...partsBelow(root, led));
    resolved = root;
  }
  return { path: resolved, root, shown };
}

function partsBelow(folder: string, target: string): string[] {
  return path.relative(folder, target).split(path.sep).filter(Boolean);
}

/** The target of a symbolic link; undefined for anything else, also for nothing. */
async function readLink(target: string, shown: string): Promise<string | undefined> {
  try {
    const stats = await lstat(target);
    return stats.isSymbolicLink() ? await readlink(target) : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw fileError(error, shown);
  }
}

function assertWithin(target: string, folder: string, shown: string): void {
  const relative = path.relative(folder, target);
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) {
    throw new ToolError(`${shown} leads out of your worktree. Use paths relative to the worktree's root.`);
  }
}

/** Opens an existing regular file for reading. A FIFO, a device or a folder is refused without waiting for it. */
export async function openForReading(place: Place): Promise<FileHandle> {
  return openRegular(place, constants.O_RDONLY);
}

/** Opens a regular file to be written anew, with the folders it needs. */
export async function openForWriting(place: Place): Promise<FileHandle> {
  await mkdir(path.dirname(place.path), { recursive: true }).catch((error: unknown) => {
    throw fileError(error, path.dirname(place.shown));
  });
  return openRegular(place, constants.O_WRONLY | constants.O_CREAT);
}

async function openRegular(place: Place, flags: number): Promise<FileHandle> {
  // O_NOFOLLOW: the place was resolved, so a link here was put there since.
  const handle = await open(place.path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o666).catch(
    (error: unknown) => {
      throw fileError(error, place.shown);
    },
  );
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new ToolError(`${place.shown} is a folder. Use list_files.`);
    if (!stats.isFile()) throw new ToolError(`${place.shown} is not a regular file.`);
    await assertStillThere(handle, place);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A folder on the way may have been exchanged for a link between the check and the opening. */
async function assertStillThere(handle: FileHandle, place: Place): Promise<void> {
  if (process.platform !== 'linux') return;
  if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== place.path) {
    throw new ToolError(`${place.shown} was moved while it was opened. Try again.`);
  }
}
