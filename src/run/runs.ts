import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/events.ts';
import { foldEvents } from '../protocol/fold.ts';
import type { RunState, RunStatus } from '../protocol/run-state.ts';
import { readEventLog } from './event-log.ts';
import { stateFolder } from './state-folder.ts';

export interface RunSummary {
  run: string;
  goal: string;
  status: RunStatus;
  startedAt: string;
  updatedAt: string;
  tasks: number;
  merged: number;
  spentUsd: number;
}

export interface StoredRun {
  state: RunState;
  events: RunEvent[];
  /** The run's own folder: log, transcripts, evidence. */
  folder: string;
}

export function runFolder(folder: string, run: string): string {
  return join(stateFolder(folder), 'runs', run);
}

/** Where the logs for people are: those of all runs of the folder. */
export function logsFolder(folder: string): string {
  return join(stateFolder(folder), 'logs');
}

export function eventLogFile(folder: string, run: string): string {
  return join(runFolder(folder, run), 'events.jsonl');
}

/** A new run's id: its time, so that ids sort, and some chance, so that two engines never share one. */
export function newRunId(): string {
  const time = new Date().toISOString().slice(0, 19).replace(/-|:/g, '').replace('T', '-');
  return `${time}-${randomBytes(2).toString('hex')}`;
}

/** Ids of the runs of a folder, oldest first: an id begins with its time. A run without a first event never was. */
export function runIds(folder: string): string[] {
  const runs = join(stateFolder(folder), 'runs');
  if (!existsSync(runs)) return [];
  return readdirSync(runs)
    .filter((run) => {
      const log = eventLogFile(folder, run);
      return existsSync(log) && statSync(log).size > 0;
    })
    .sort();
}

export async function listRuns(folder: string): Promise<RunSummary[]> {
  return runIds(folder).map((run) => {
    const state = foldEvents(readEventLog(eventLogFile(folder, run)));
    return {
      run,
      goal: state.goal,
      status: state.status,
      startedAt: state.startedAt,
      updatedAt: state.updatedAt,
      tasks: state.tasks.size,
      merged: state.merges.length,
      spentUsd: state.spentUsd,
    };
  });
}

/** Reads a run by its id or a unique beginning of it; the newest without one. */
export async function readRun(folder: string, run?: string): Promise<StoredRun> {
  const id = findRun(folder, run);
  const events = readEventLog(eventLogFile(folder, id));
  return { state: foldEvents(events), events, folder: runFolder(folder, id) };
}

export function findRun(folder: string, run?: string): string {
  const ids = runIds(folder);
  if (ids.length === 0) {
    throw new UserError(
      `There are no runs in ${folder}.`,
      'Start one with `auton run "<goal>"`, or name the folder with --workspace.',
    );
  }
  if (run === undefined) return ids[ids.length - 1]!;
  const matches = ids.includes(run) ? [run] : ids.filter((id) => id.startsWith(run));
  if (matches.length === 1) return matches[0]!;
  throw new UserError(
    matches.length === 0
      ? `There is no run ${run}.`
      : `Several runs begin with ${run}: ${matches.join(', ')}.`,
    'See `auton runs` for their names.',
  );
}

/** True while `auton resume` could go on with this run. */
export function mayResume(folder: string, run: string): boolean {
  if (!runIds(folder).includes(run)) return false;
  return !hasEnded(foldEvents(readEventLog(eventLogFile(folder, run))));
}

/** For good: a failed run is not, its tasks can be retried. */
export function hasEnded({ status }: RunState): boolean {
  return status === 'done' || status === 'cancelled';
}

/** What the other runs of this folder spent since local midnight, in USD. */
export function spentToday(folder: string, except: string): number {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  let sum = 0;
  for (const run of runIds(folder)) {
    const log = eventLogFile(folder, run);
    if (run === except || statSync(log).mtimeMs < midnight.getTime()) continue;
    for (const event of readEventLog(log)) {
      if (event.type === 'model.answered' && new Date(event.at) >= midnight) sum += event.costUsd ?? 0;
    }
  }
  return sum;
}
