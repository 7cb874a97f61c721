import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../../protocol/errors.ts';

/** One place of the sandbox's file system; the deepest mount that holds a path decides about it. */
export interface Mount {
  path: string;
  access: 'write' | 'read' | 'hide';
}

/** What compilers, binutils, make, git, GRUB and Python need of a Linux system. */
const SYSTEM_FOLDERS = [
  '/usr',
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/clang',
  '/nix/store',
];
/** Symlinks into /usr on a system with merged /usr, folders of their own elsewhere. */
const ROOT_FOLDERS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** bubblewrap's options for the part of the file system that is the same for every command. */
export function systemMounts(tmpBytes: number): string[] {
  const args = ['--proc', '/proc', '--dev', '/dev', '--size', String(tmpBytes), '--tmpfs', '/tmp'];
  for (const folder of SYSTEM_FOLDERS) args.push('--ro-bind-try', folder, folder);
  for (const folder of ROOT_FOLDERS) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) args.push('--symlink', readlinkSync(folder), folder);
    else args.push('--ro-bind', folder, folder);
  }
  return args;
}

/** What turns the mounts made so far unwritable that no command needs to write. */
export const SEAL = ['--remount-ro', '/dev', '--remount-ro', '/'];
/** With uid 0 outside, /proc/sys would be the host's, core_pattern included, writable without any capability. */
export const SEAL_PROC = ['--remount-ro', '/proc'];

/** bubblewrap's options for a command's own folders, shallow paths first so that deeper ones lie over them. */
export async function commandMounts(mounts: Mount[]): Promise<string[]> {
  const ordered = mounts.toSorted((a, b) => depth(a.path) - depth(b.path) || rank(a) - rank(b));
  const args: string[] = [];
  for (const mount of ordered) {
    if (mount.access === 'write') args.push('--bind', mount.path, mount.path);
    else if (mount.access === 'read') args.push('--ro-bind', mount.path, mount.path);
    else if (isVisible(mount.path, ordered)) args.push(...(await hiding(mount.path)));
  }
  return args;
}

function depth(folder: string): number {
  return folder.split(path.sep).length;
}

/** Of several mounts on one path the last one wins: what a command may write is not hidden from it. */
function rank(mount: Mount): number {
  return ['hide', 'read', 'write'].indexOf(mount.access);
}

/** Whether anything below this path would show without being hidden: the root itself is empty. */
function isVisible(folder: string, mounts: Mount[]): boolean {
  const roots = [
    ...SYSTEM_FOLDERS,
    ...mounts.filter((mount) => mount.access !== 'hide').map((mount) => mount.path),
  ];
  return roots.some((root) => isWithin(folder, root));
}

async function hiding(target: string): Promise<string[]> {
  const stats = await stat(target).catch(ignoreMissing);
  if (!stats) return [];
  if (!stats.isDirectory()) return ['--ro-bind', '/dev/null', target];
  return ['--size', '4096', '--tmpfs', target, '--remount-ro', target];
}

/** The `.git` of a folder and, for a worktree, the repository it belongs to. */
export interface Repository {
  /** Files and folders to show read-only. */
  protect: string[];
  /** The repository's configuration, which may hold credentials; absent where it has none. */
  config: string | undefined;
}

/** Follows a worktree's `.git` file to its repository; undefined when the folder has no `.git`. */
export async function findRepository(folder: string): Promise<Repository | undefined> {
  const dotGit = path.join(folder, '.git');
  const stats = await stat(dotGit).catch(ignoreMissing);
  if (!stats) return undefined;
  if (stats.isDirectory()) return describe([dotGit], dotGit);
  const link = /^gitdir: (.+)$/m.exec(await readFile(dotGit, 'utf8'));
  const gitDir = link && (await realpath(path.resolve(folder, link[1]!)).catch(ignoreMissing));
  if (!gitDir) return { protect: [dotGit], config: undefined };
  const commonLink = await readFile(path.join(gitDir, 'commondir'), 'utf8').catch(ignoreMissing);
  const common = commonLink ? await realpath(path.resolve(gitDir, commonLink.trim())) : gitDir;
  return describe([dotGit, gitDir, common], common);
}

function describe(protect: string[], common: string): Repository {
  const config = path.join(common, 'config');
  return { protect: [...new Set(protect)], config: existsSync(config) ? config : undefined };
}

/** A git configuration without anything but what git needs to read the repository: no remotes, no credentials. */
export function withoutCredentials(config: string): string {
  let keep = false;
  const lines = config.split('\n').filter((line) => {
    const section = /^\s*\[\s*([A-Za-z0-9.-]+)/.exec(line);
    if (section) keep = ['core', 'extensions'].includes(section[1]!.toLowerCase());
    return keep;
  });
  return `${lines.join('\n')}\n`;
}

export function isWithin(target: string, folder: string): boolean {
  const relative = path.relative(folder, target);
  return (
    relative === '' ||
    (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  );
}

function ignoreMissing(error: unknown): undefined {
  if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
  throw error;
}
