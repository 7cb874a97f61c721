import { readdir, readFile } from 'node:fs/promises';

/** Processes below this one, in all generations (Linux). */
export async function countDescendants(pid: number): Promise<number> {
  const children = new Map<number, number[]>();
  await eachProcess(async (candidate) => {
    // The name in parentheses may hold anything, also spaces and parentheses.
    const stat = await readFile(`/proc/${candidate}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
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

/** Processes that were started with this entry in their environment, "NAME=value" (Linux). */
export async function processesWith(entry: string): Promise<number[]> {
  return processesWhere('environ', entry);
}

/** Processes with exactly this argument on their command line (Linux). */
export async function processesRunning(argument: string): Promise<number[]> {
  return processesWhere('cmdline', argument);
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
