import { z } from 'zod';
import { TASK_ROLES } from '../roles.ts';
import { BUILD_TARGETS } from '../task.ts';

export const taskIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,47}$/, 'a task id is lower-case letters, digits and dashes, at most 48');

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
