import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Leases } from '../git/leases.ts';
import { Workspace } from '../git/workspace.ts';
import type { Config } from '../protocol/config.ts';
import { foldEvents } from '../protocol/fold.ts';
import type { CleanedWorktrees } from '../protocol/rpc.ts';
import type { RunState } from '../protocol/run-state.ts';
import { readEventLog } from './event-log.ts';
import { lockStateFolder } from './lock.ts';
import { eventLogFile, hasEnded, runIds } from './runs.ts';
import { stateFolder } from './state-folder.ts';

/** A task that is settled in its run needs its worktree no more. */
const SETTLED = new Set(['merged', 'skipped', 'cancelled']);

/**
 * Removes the worktrees that no task needs, of all runs of a folder; never one with commits or changes that are
 * nowhere else. A UserError while a run is at work.
 */
export async function cleanWorktrees(folder: string): Promise<CleanedWorktrees> {
  const state = stateFolder(folder);
  if (!existsSync(join(state, 'worktrees'))) return { removed: [], kept: [] };
  const unlock = lockStateFolder(state);
  try {
    const cleaned: CleanedWorktrees = { removed: [], kept: [] };
    const { runs, strangers } = await owners(state);
    for (const path of strangers) cleaned.kept.push({ path, reason: 'AUTON did not make it' });
    for (const [run, tasks] of runs) {
      const { removed, kept } = await cleanRun(folder, run, tasks);
      cleaned.removed.push(...removed);
      cleaned.kept.push(...kept);
    }
    return cleaned;
  } finally {
    unlock();
  }
}

/** Which run each worktree belongs to. */
async function owners(state: string): Promise<{ runs: Map<string, string[]>; strangers: string[] }> {
  const leases = new Leases(state);
  const runs = new Map<string, string[]>();
  const strangers: string[] = [];
  const tasks = new Set([...(await leases.tasks()), ...readdirSync(join(state, 'worktrees'))]);
  for (const task of tasks) {
    const lease = await leases.read(task);
    if (lease) runs.set(lease.run, [...(runs.get(lease.run) ?? []), task]);
    // The merge queue's own checkouts begin with a dot.
    else if (!task.startsWith('.')) strangers.push(join(state, 'worktrees', task));
  }
  return { runs, strangers };
}

async function cleanRun(folder: string, run: string, tasks: string[]): Promise<CleanedWorktrees> {
  const all = (reason: string): CleanedWorktrees => ({
    removed: [],
    kept: tasks.map((task) => ({ path: join(stateFolder(folder), 'worktrees', task), reason })),
  });
  if (!runIds(folder).includes(run)) return all(`its run ${run} is gone`);
  const state = foldEvents(readEventLog(eventLogFile(folder, run)));
  if (!existsSync(state.workspace)) return all(`its workspace ${state.workspace} is gone`);
  const workspace = await Workspace.open({
    root: state.workspace,
    stateFolder: stateFolder(folder),
    branchPrefix: (state.settings as Config).workspace.branch_prefix,
    template: null,
    run,
    targetBranch: state.targetBranch,
  });
  try {
    return await workspace.tidyWorktrees((task) => neededBy(state, task));
  } finally {
    workspace.close();
  }
}

function neededBy(state: RunState, task: string): string | null {
  if (hasEnded(state)) return null;
  const view = state.tasks.get(task);
  if (!view || SETTLED.has(view.state)) return null;
  return `${task} is ${view.state} in ${state.run}, which may go on`;
}
