import type { z } from 'zod';
import type { taskSpecSchema } from './schema/task.ts';

/** What `make` must achieve for a task: a linked kernel, compiled objects only, or headers that stand alone. */
export const BUILD_TARGETS = ['kernel', 'compile', 'headers'] as const;
export type BuildTarget = (typeof BUILD_TARGETS)[number];

/** The largest graph a manager may propose. */
export const MAX_TASKS = 10_000;

export type TaskSpec = z.infer<typeof taskSpecSchema>;

export const TASK_STATES = [
  'pending',
  'ready',
  'running',
  'validating',
  'review',
  'queued',
  'merged',
  'blocked',
  'failed',
  'cancelled',
  'skipped',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** States from which a task does not move by itself. */
export const FINAL_STATES: ReadonlySet<TaskState> = new Set(['merged', 'failed', 'cancelled', 'skipped']);
/** States that let the tasks depending on this one start. */
export const SATISFIED_STATES: ReadonlySet<TaskState> = new Set(['merged', 'skipped']);
