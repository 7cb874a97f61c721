import { z } from 'zod';
import { TASK_ROLES } from './roles.ts';

/** What `make` must achieve for a task: a linked kernel, compiled objects only, or headers that stand alone. */
export const BUILD_TARGETS = ['kernel', 'compile', 'headers'] as const;
export type BuildTarget = (typeof BUILD_TARGETS)[number];

export const taskIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,47}$/, 'a task id is lower-case letters, digits and dashes, at most 48');

/** The largest graph a manager may propose. */
export const MAX_TASKS = 10_000;

/** A task as the manager proposes it. Acceptance tests are named as in `kernel_spec/tests/acceptance.toml`. */
export const taskSpecSchema = z.strictObject({
  id: taskIdSchema,
  title: z.string().min(3).max(120),
  description: z.string().min(1).max(20_000),
  role: z.enum(TASK_ROLES).default('developer'),
  subsystem: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/),
  dependsOn: z.array(taskIdSchema).default([]),
  /** Globs, relative to the workspace, of the files the task may change. */
  scope: z.array(z.string().min(1)).min(1),
  acceptance: z.array(z.string().min(1)).default([]),
  build: z.enum(BUILD_TARGETS).default('kernel'),
});
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
