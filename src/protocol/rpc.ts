import { z } from 'zod';
import type { LiveOutput } from './control.ts';
import type { RunEvent, RunOutcome } from './events.ts';
import { taskIdSchema } from './task.ts';

/** Raised when a client of the old version could no longer talk to an engine of the new one. */
export const RPC_VERSION = 1;

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
export type RpcMethod = keyof typeof RPC_REQUESTS;
export type RpcParams<M extends RpcMethod> = z.output<(typeof RPC_REQUESTS)[M]>;

/** What a request is answered with; the ones not named here are answered with null. */
export interface RpcReplies {
  'engine/hello': { version: number; pid: number; run: string; runFolder: string };
  'run/subscribe': { events: RunEvent[] };
}

/** What an engine tells its subscribers unasked. */
export interface RpcNotifications {
  'run/event': RunEvent;
  'run/output': LiveOutput;
  'run/stopped': { outcome: RunOutcome | 'paused' };
}

/** Error code of a UserError on the wire; `data` is then a `UserErrorData`. */
export const RPC_USER_ERROR = 1;
export const userErrorDataSchema = z.object({ remedy: z.string(), exitCode: z.number().int() });
