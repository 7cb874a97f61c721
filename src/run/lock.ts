import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, UserError } from '../protocol/errors.ts';

interface Holder {
  pid: number;
  /** When that process started, as the system tells it: a pid that was given to another process is not the holder. */
  started: string;
}

/**
 * One engine per state folder. Returns the function that gives the lock back. A lock whose process is gone is
 * taken over; one whose process lives is a UserError.
 */
export function lockStateFolder(stateFolder: string): () => void {
  mkdirSync(stateFolder, { recursive: true });
  const lock = tryLock(join(stateFolder, 'engine.lock'));
  if (typeof lock === 'function') return lock;
  throw new UserError(
    `Another AUTON engine (process ${lock.pid}) works in ${stateFolder}.`,
    'Watch it with `auton status`, stop it with `auton pause` or `auton cancel`, or use another folder with --workspace.',
  );
}

/** Takes a lock and returns the function that gives it back, or says whose it is. A dead process's is taken over. */
export function tryLock(file: string): (() => void) | { pid: number } {
  const own = `${file}.${process.pid}`;
  writeFileSync(
    own,
    JSON.stringify({ pid: process.pid, started: processStart(process.pid) ?? '' } satisfies Holder),
  );
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        linkSync(own, file); // atomic: fails when the lock exists
        return () => rmSync(file, { force: true });
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      const holder = readHolder(file);
      if (holder && isAlive(holder)) return { pid: holder.pid };
      removeStale(file, own);
    }
  } finally {
    unlinkSync(own);
  }
  throw new UserError(
    `The lock ${file} cannot be taken.`,
    'Delete it when no other AUTON engine works in this folder.',
  );
}

/** Moves a dead lock away; one that a third process put there in between is put back. */
function removeStale(file: string, own: string): void {
  const aside = `${own}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const holder = readHolder(aside);
  if (holder && isAlive(holder)) renameSync(aside, file);
  else unlinkSync(aside);
}

/** The pid of the engine that works in this folder now, or null. */
export function lockHolder(stateFolder: string): number | null {
  const holder = readHolder(join(stateFolder, 'engine.lock'));
  return holder && isAlive(holder) ? holder.pid : null;
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null; // gone, or torn by a crash: nobody holds it
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false;
  }
  const now = processStart(pid);
  return now === null || started === '' || now === started;
}

/** Field 22 of /proc/<pid>/stat; null where there is no /proc. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
