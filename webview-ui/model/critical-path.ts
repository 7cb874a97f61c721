import { FINAL_STATES, type TaskState } from '../../src/protocol/task.ts';
import type { TaskInfo } from '../../src/extension/graph/messages.ts';
import type { WorkClock } from './work-clock.ts';

export interface CriticalPath {
  /** Ids from the first task to the last. */
  tasks: readonly string[];
  set: ReadonlySet<string>;
  /** Time of work of all of them together: measured, and expected for what is not done. */
  ms: number;
}

type Timed = Pick<TaskInfo, 'id' | 'role' | 'state' | 'dependsOn' | 'timeline'>;

const STARTED: ReadonlySet<TaskState> = new Set(['running', 'validating', 'review', 'queued']);

/**
 * The critical path: of all chains of tasks, each depending on the one before, the one whose tasks take the longest
 * together. A task takes
 *   - when it is over: the time of work from its first attempt to its end, with reviews, judgement and merge;
 *   - when it is at work: the same up to now, but at least what is usual;
 *   - when it has not started: what is usual, the median of the merged tasks of its role, or else of all, or else 1 ms,
 *     so that before anything was measured the chain of most tasks is it.
 * Waiting for a free agent is no task's time. Of chains that are equally long, the one of earlier tasks is taken.
 */
export function criticalPath(tasks: readonly Timed[], clock: WorkClock): CriticalPath {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const usual = usualTimes(tasks, clock);
  const best = new Map<string, { ms: number; before: string | null }>();
  // Without recursion: a chain may be ten thousand tasks long.
  for (const task of inOrder(tasks, byId)) {
    let before: string | null = null;
    for (const id of task.dependsOn) {
      const chain = best.get(id);
      if (chain && (before === null || chain.ms > best.get(before)!.ms)) before = id;
    }
    const own = timeOf(task, clock, usual(task));
    best.set(task.id, { ms: own + (before === null ? 0 : best.get(before)!.ms), before });
  }
  let last: string | null = null;
  for (const [id, { ms }] of best) if (last === null || ms > best.get(last)!.ms) last = id;
  const path: string[] = [];
  for (let id = last; id !== null; id = best.get(id)!.before) path.unshift(id);
  return { tasks: path, set: new Set(path), ms: last === null ? 0 : best.get(last)!.ms };
}

/** Time of work on a task so far; 0 before its first attempt. */
export function elapsedOf(task: Pick<TaskInfo, 'timeline'>, clock: WorkClock): number {
  const start = task.timeline.find(({ state }) => STARTED.has(state));
  if (!start) return 0;
  const last = task.timeline.at(-1)!;
  const over = FINAL_STATES.has(last.state) || last.state === 'blocked';
  return Math.max(0, (over ? clock(last.at) : clock.total) - clock(start.at));
}

function timeOf(task: Timed, clock: WorkClock, usual: number): number {
  const measured = elapsedOf(task, clock);
  if (FINAL_STATES.has(task.state)) return measured;
  return Math.max(measured, usual);
}

function usualTimes(tasks: readonly Timed[], clock: WorkClock): (task: Timed) => number {
  const ofRole = new Map<string, number[]>();
  const all: number[] = [];
  for (const task of tasks) {
    if (task.state !== 'merged') continue;
    const ms = elapsedOf(task, clock);
    all.push(ms);
    const times = ofRole.get(task.role);
    if (times) times.push(ms);
    else ofRole.set(task.role, [ms]);
  }
  const medians = new Map([...ofRole].map(([role, times]) => [role, median(times)]));
  const overall = all.length === 0 ? 1 : median(all);
  return ({ role }) => medians.get(role) ?? overall;
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Each task after all it depends on; what is in a circle, which the engine refuses, is left out. */
export function inOrder<T extends Pick<TaskInfo, 'id' | 'dependsOn'>>(
  tasks: readonly T[],
  byId: ReadonlyMap<string, T> = new Map(tasks.map((task) => [task.id, task])),
): T[] {
  const missing = new Map<string, number>();
  const dependents = new Map<string, T[]>();
  for (const task of tasks) {
    const known = task.dependsOn.filter((id) => byId.has(id));
    missing.set(task.id, known.length);
    for (const id of known) {
      const list = dependents.get(id);
      if (list) list.push(task);
      else dependents.set(id, [task]);
    }
  }
  const order = tasks.filter(({ id }) => missing.get(id) === 0);
  for (const task of order) {
    for (const dependent of dependents.get(task.id) ?? []) {
      const left = missing.get(dependent.id)! - 1;
      missing.set(dependent.id, left);
      if (left === 0) order.push(dependent);
    }
  }
  return order;
}
