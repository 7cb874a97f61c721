import type { RunStatus } from '../../protocol/run-state.ts';
import type { TaskState } from '../../protocol/task.ts';
import type { Style, Symbols } from '../terminal/style.ts';

interface Mark {
  symbol: keyof Omit<Symbols, 'box'>;
  colour: keyof Style;
  /** What stands beside a task's name; nothing where the symbol says it all. */
  word: string;
  /** Which tasks are shown when there is not room for all: smaller first. */
  rank: number;
}

/** How each state of a task looks, wherever a task is shown on a terminal. */
export const TASK_MARKS: Record<TaskState, Mark> = {
  pending: { symbol: 'waiting', colour: 'dim', word: '', rank: 4 },
  ready: { symbol: 'ready', colour: 'blue', word: 'ready', rank: 3 },
  running: { symbol: 'active', colour: 'cyan', word: 'works', rank: 1 },
  validating: { symbol: 'judged', colour: 'yellow', word: 'tests', rank: 1 },
  review: { symbol: 'judged', colour: 'magenta', word: 'review', rank: 1 },
  queued: { symbol: 'judged', colour: 'green', word: 'merges', rank: 1 },
  merged: { symbol: 'done', colour: 'green', word: '', rank: 5 },
  blocked: { symbol: 'failed', colour: 'yellow', word: 'blocked', rank: 0 },
  failed: { symbol: 'failed', colour: 'red', word: 'failed', rank: 0 },
  cancelled: { symbol: 'skipped', colour: 'dim', word: 'cancelled', rank: 2 },
  skipped: { symbol: 'skipped', colour: 'dim', word: 'skipped', rank: 2 },
};

export const STATUS_COLOURS: Record<RunStatus, keyof Style> = {
  running: 'cyan',
  paused: 'yellow',
  done: 'green',
  failed: 'red',
  cancelled: 'dim',
};
