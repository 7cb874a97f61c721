import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../protocol/errors.ts';
import { readText } from './repository.ts';

/** How long a lease holds when its process neither ends nor renews it; guards against a reused process id. */
const LEASE_MS = 24 * 60 * 60 * 1000;

const leaseSchema = z.object({
  pid: z.number().int(),
  run: z.string(),
  task: z.string(),
  agent: z.string(),
  branch: z.string(),
  base: z.string(),
  /** ISO 8601. */
  until: z.string(),
});

/** Who uses a worktree, and that its branch is the engine's own. Kept beside the worktree, not in it. */
export type Lease = z.infer<typeof leaseSchema>;

/** The lease files of one state folder. */
export class Leases {
  readonly #folder: string;

  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, 'leases');
  }

  take(lease: Omit<Lease, 'pid' | 'until'>): Promise<void> {
    const until = new Date(Date.now() + LEASE_MS).toISOString();
    const file = this.#file(lease.task);
    // At once, as readText reads: these files are small, and each task waits for them.
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify({ ...lease, pid: process.pid, until } satisfies Lease));
    renameSync(`${file}.new`, file);
    return Promise.resolve();
  }

  async read(task: string): Promise<Lease | null> {
    const text = await readText(this.#file(task));
    if (text === null) return null;
    try {
      return leaseSchema.parse(JSON.parse(text));
    } catch {
      return null; // not ours: the worktree is then treated as a stranger's
    }
  }

  async release(task: string): Promise<void> {
    await rm(this.#file(task), { force: true });
  }

  /** The tasks that have a lease, expired or not. */
  async tasks(): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  }

  #file(task: string): string {
    return join(this.#folder, `${task}.json`);
  }
}

/** True when nobody uses the worktree any more. This process's own leases are in use until released. */
export function isExpired(lease: Lease): boolean {
  return Date.parse(lease.until) < Date.now() || !isAlive(lease.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
