/** Folders that a test opens, and the end of what ran in them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readEndpoint } from '../../../src/engine/endpoint.ts';
import { lockHolder } from '../../../src/run/lock.ts';

export interface WorkspaceOptions {
  /** Path to contents. */
  files?: Readonly<Record<string, string>>;
  /** Whether it is a git repository with one commit. */
  git?: boolean;
}

/** Those that are not removed yet; a test run that is broken off leaves nothing behind either. */
const made = new Set<string>();
process.once('exit', () => made.forEach(removeWorkspace));

/** A temporary folder with an `auton.toml`; remove it with `removeWorkspace`. */
export function makeWorkspace({ files = { 'auton.toml': '' }, git = true }: WorkspaceOptions = {}): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'auton-workspace-'));
  made.add(folder);
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
  if (git) gitRepository(folder);
  return folder;
}

/** Makes a folder a repository with what is in it as its one commit. */
export function gitRepository(folder: string): void {
  const run = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
  run('init', '--initial-branch=main');
  run('config', 'user.name', 'Test');
  run('config', 'user.email', 'test@localhost');
  run('add', '--all');
  run('commit', '--allow-empty', '--message=Begin');
}

/** A file that opens several folders in one window. */
export function makeMultiRoot(folders: readonly string[]): string {
  const home = mkdtempSync(join(realpathSync(tmpdir()), 'auton-workspace-'));
  made.add(home);
  const file = join(home, 'several.code-workspace');
  writeFileSync(file, JSON.stringify({ folders: folders.map((path) => ({ path })) }));
  return file;
}

/** Ends the folder's engine, which would outlive its window, and deletes the folder. */
export function removeWorkspace(folder: string): void {
  endEngine(folder);
  made.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Kills the engine of a folder, working or idle; whether there was one. Its builds and QEMU end with it. */
export function endEngine(folder: string): boolean {
  const pid = lockHolder(join(folder, '.auton')) ?? readEndpoint(folder)?.pid;
  // An engine that was killed leaves its number behind, which another process may have by now.
  if (pid === undefined || pid === process.pid || !isEngine(pid)) return false;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
  return true;
}

function isEngine(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).includes('auton');
  } catch {
    return false; // there is no such process
  }
}
