import { z } from 'zod';
import { taskIdSchema } from './task.ts';

const nothing = z.strictObject({});
const oneTask = z.strictObject({ task: taskIdSchema });

/** What a client may ask an engine, with the schema of the parameters. */
export const RPC_REQUESTS = {
  'engine/hello': z.strictObject({ version: z.number().int() }),
  /** Answers with the events after `afterSeq`; those that follow come as notifications, and output if wanted. */
  'run/subscribe': z.strictObject({
    afterSeq: z.number().int().min(0).default(0),
    output: z.boolean().default(false),
  }),
  'run/pause': nothing,
  'run/continue': nothing,
  'run/cancel': nothing,
  'run/setBudget': z.strictObject({ maxCostUsd: z.number().nonnegative() }),
  'task/retry': oneTask,
  'task/skip': oneTask,
  'task/cancel': oneTask,
  'message/send': z.strictObject({ to: z.string().min(1), text: z.string().min(1).max(100_000) }),
  'question/answer': z.strictObject({ id: z.string().min(1), answer: z.string().max(100_000) }),
} as const;
