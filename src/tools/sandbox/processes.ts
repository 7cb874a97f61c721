import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, UserError } from '../../protocol/errors.ts';

/** Processes below this one, in all generations (Linux). */
export async function countDescendants(pid: number): Promise<number> {
  const children = new Map<number, number[]>();
  await eachProcess(async (candidate) => {
    const parent = await parentOf(candidate);
    if (parent) children.set(parent, [...(children.get(parent) ?? []), candidate]);
  });
  let count = 0;
  for (const queue = [pid]; queue.length > 0;) {
    const below = children.get(queue.pop()!) ?? [];
    count += below.length;
    queue.push(...below);
  }
  return count;
}

/** How long a killed process may take to end before something is wrong with the machine. */
const END_TIMEOUT_MS = 10_000;

/** Resolves when a process that is being killed has ended, with all of its process namespace if it is the first of one. */
export async function ended(pid: number): Promise<void> {
  for (const start = performance.now(); performance.now() - start < END_TIMEOUT_MS; await sleep(1)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // A zombie has nothing left but its exit code, which nobody may ever ask for.
    if (stat === '' || /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))) return;
  }
  throw new UserError(
    `Process ${pid} was killed and does not end.`,
    'It waits for a disk or a device that does not answer: look at it with `ps`, or restart the machine.',
  );
}

/** Processes that were started with this entry in their environment, "NAME=value" (Linux). */
export async function processesWith(entry: string): Promise<number[]> {
  return processesWhere('environ', entry);
}

/** Processes with exactly this argument on their command line (Linux). */
export async function processesRunning(argument: string): Promise<number[]> {
  return processesWhere('cmdline', argument);
}

/**
 * Ends the sandboxes of a process that was killed before they could notice, when these work on something below a
 * folder; returns how many there were (Linux). To be called by who holds the folder's lock.
 */
export async function endOrphans(folder: string): Promise<number> {
  const orphans: number[] = [];
  await eachProcess(async (pid) => {
    const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const isSandbox = args.includes('bwrap') && args.includes('--die-with-parent');
    if (!isSandbox || !args.some((arg) => arg.startsWith(`${folder}/`))) return;
    if (await isAdopter(await parentOf(pid))) orphans.push(pid);
  });
  for (const pid of orphans) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!hasCode(error, 'ESRCH')) throw error;
    }
    await ended(pid);
  }
  return orphans.length;
}

/** The process that children whose parent has ended are given to. */
async function isAdopter(pid: number): Promise<boolean> {
  if (pid === 1) return true;
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return name.trim() === 'systemd'; // of a user's session
}

async function parentOf(pid: number): Promise<number> {
  // The name in parentheses may hold anything, also spaces and parentheses.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

async function processesWhere(file: 'cmdline' | 'environ', entry: string): Promise<number[]> {
  const found: number[] = [];
  await eachProcess(async (pid) => {
    const content = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    if (content.split('\0').includes(entry)) found.push(pid);
  });
  return found;
}

async function eachProcess(visit: (pid: number) => Promise<void>): Promise<void> {
  const names = await readdir('/proc');
  await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => visit(Number(name))));
}
