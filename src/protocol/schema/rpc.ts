import { z } from 'zod';
import { KEY_NAMES } from '../keys.ts';
import { WORKFLOW_MODES } from '../roles.ts';
import { reviewSchema } from './review.ts';
import { architectureSchema } from './roles.ts';
import { taskIdSchema } from './task.ts';

const nothing = z.strictObject({});
const usd = z.number().nonnegative();
const name = z.string().min(1).max(4096);
/** Which run is meant: the one at work without a name. One that has stopped is taken up again for it. */
const ofRun = { run: name.optional() };
const oneRun = z.strictObject(ofRun);
const oneTask = z.strictObject({ ...ofRun, task: taskIdSchema });

/** What a client may ask an engine, with the schema of the parameters. */
export const RPC_REQUESTS = {
  /** The first request of a connection. Loose: an engine of any version must be able to say that versions differ. */
  'engine/hello': z.object({
    version: z.number().int(),
    client: z
      .object({ kind: z.enum(['cli', 'editor']), languageModels: z.boolean() })
      .default({ kind: 'cli', languageModels: false }),
  }),
  /** Pauses the run tidily, then ends the engine. */
  'engine/shutdown': nothing,
  /** Keys for the runs that are started or resumed from now on; an empty one takes the key of that name back. */
  'keys/set': z.strictObject({ keys: z.partialRecord(z.enum(KEY_NAMES), z.string().max(4096)) }),
  'run/start': z.strictObject({
    goal: z.string().max(100_000),
    arch: architectureSchema.optional(),
    mode: z.enum(WORKFLOW_MODES).optional(),
    model: name.optional(),
    playbook: name.optional(),
    maxCostUsd: usd.optional(),
    /** In place of auton.toml; absolute. */
    configFile: name.optional(),
  }),
  /** The newest run without a name. */
  'run/resume': z.strictObject({ run: name.optional() }),
  /** Answers with the events after `afterSeq`; those that follow come as notifications, and output if wanted. */
  'run/subscribe': z.strictObject({
    afterSeq: z.number().int().min(0).default(0),
    output: z.boolean().default(false),
  }),
  'run/pause': oneRun,
  'run/continue': oneRun,
  'run/cancel': oneRun,
  'run/setBudget': z.strictObject({ ...ofRun, maxCostUsd: usd }),
  'task/retry': oneTask,
  'task/skip': oneTask,
  'task/cancel': oneTask,
  /** The user's own verdict on what a task's present attempt changed. */
  'task/review': z.strictObject({
    ...ofRun,
    task: taskIdSchema,
    verdict: reviewSchema.shape.verdict,
    summary: z.string().max(20_000).default(''),
    comments: reviewSchema.shape.comments,
  }),
  'message/send': z.strictObject({ ...ofRun, to: z.string().min(1), text: z.string().min(1).max(100_000) }),
  'question/answer': z.strictObject({ ...ofRun, id: z.string().min(1), answer: z.string().max(100_000) }),
  /** Removes worktrees that no task needs, and nothing that is not on the main line. */
  'worktrees/clean': nothing,
} as const;
