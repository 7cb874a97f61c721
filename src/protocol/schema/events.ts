import { z } from 'zod';
import { ATTEMPT_OUTCOMES, PAUSE_REASONS, RUN_OUTCOMES } from '../events.ts';
import { WORKFLOW_MODES } from '../roles.ts';
import { TASK_STATES } from '../task.ts';
import { evidenceSchema } from './evidence.ts';
import { reviewSchema } from './review.ts';
import { architectureSchema, roleSchema } from './roles.ts';
import { taskIdSchema, taskSpecSchema } from './task.ts';
import { usageSchema } from './usage.ts';

/** A conversation of one agent: `<task>.<attempt>.<role>`. */
const session = z.string();
const sha = z.string().regex(/^[0-9a-f]{40,64}$/);
const task = taskIdSchema;
const agent = z.string();

const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), ...shape });

/** What happened, without its place in the log. Ordered as a run meets them. */
export const eventBodySchema = z.discriminatedUnion('type', [
  event('run.started', {
    run: z.string(),
    version: z.number().int(),
    goal: z.string(),
    mode: z.enum(WORKFLOW_MODES),
    arch: architectureSchema,
    /** Shown wherever the run is: "playbook reference (no model)" or "anthropic/...". */
    modelLabel: z.string(),
    sandbox: z.enum(['bubblewrap', 'off']),
    workspace: z.string(),
    targetBranch: z.string(),
    base: sha,
    maxCostUsd: z.number(),
    /** The settings the run started with, keys removed, so that `resume` uses the same. */
    settings: z.record(z.string(), z.unknown()),
    agents: z.array(z.object({ id: agent, role: roleSchema, model: z.string() })),
    /** What the configuration said of models, where the run was told to use others. */
    configuredModels: z.record(z.string(), z.unknown()).optional(),
  }),
  event('run.resumed', {
    pid: z.number().int(),
    /** Where the user corrected the models of a run that was paused because of them. */
    corrected: z
      .object({
        settings: z.record(z.string(), z.unknown()),
        modelLabel: z.string(),
        /** Agent to model. */
        models: z.record(agent, z.string()),
      })
      .optional(),
  }),
  event('run.paused', { reason: z.enum(PAUSE_REASONS), message: z.string() }),
  event('run.continued', {}),
  event('run.finished', { outcome: z.enum(RUN_OUTCOMES), summary: z.string() }),
  event('budget.changed', { maxCostUsd: z.number() }),
  event('budget.warned', { spentUsd: z.number(), limitUsd: z.number() }),
  event('notice', { level: z.enum(['info', 'warning', 'error']), text: z.string() }),

  event('tasks.added', { tasks: z.array(taskSpecSchema), by: agent }),
  event('task.state', { task, state: z.enum(TASK_STATES), reason: z.string().optional() }),

  event('attempt.started', {
    task,
    attempt: z.number().int(),
    agent,
    role: roleSchema,
    session,
    branch: z.string(),
    base: sha,
    worktree: z.string(),
  }),
  event('attempt.ended', {
    task,
    attempt: z.number().int(),
    agent,
    outcome: z.enum(ATTEMPT_OUTCOMES),
    message: z.string(),
    /** The commit with everything the attempt left; absent when it changed nothing. */
    head: sha.optional(),
  }),

  event('session.started', { session, agent, role: roleSchema, task: z.string(), transcript: z.string() }),
  event('session.ended', { session, agent }),
  event('model.called', {
    session,
    agent,
    turn: z.number().int(),
    model: z.string(),
    reservedUsd: z.number().nullable(),
  }),
  event('model.answered', {
    session,
    agent,
    turn: z.number().int(),
    usage: usageSchema,
    /** null: the price of this model is unknown. */
    costUsd: z.number().nullable(),
    durationMs: z.number(),
  }),
  event('model.failed', { session, agent, turn: z.number().int(), message: z.string() }),
  event('tool.called', { session, agent, tool: z.string(), summary: z.string() }),
  event('tool.finished', { session, agent, tool: z.string(), ok: z.boolean(), durationMs: z.number() }),
  /**
   * How far a stage of the SLM pipeline is: its beginning, its end, and now and then between them. What it said in full
   * lies in `log`, a file of one JSON object a line below the run's folder.
   */
  event('stage.progress', {
    session,
    agent,
    stage: z.string(),
    text: z.string(),
    /** From 0 to 1; absent where nobody knows. */
    fraction: z.number().min(0).max(1).optional(),
    log: z.string().optional(),
  }),
  event('agent.nudged', { session, agent, reason: z.string() }),

  event('evidence.recorded', { task: task.optional(), evidence: evidenceSchema }),
  event('review.submitted', { task, attempt: z.number().int(), agent, review: reviewSchema, head: sha }),
  /** The reviewer approved; the user's own approval is waited for (workflow.approval). */
  event('review.awaits_user', { task, attempt: z.number().int() }),

  event('merge.started', { task, base: sha, head: sha }),
  event('merge.conflicted', { task, files: z.array(z.string()) }),
  /** The merge commit passed every gate; `main` moves next. After a crash this line says that it may. */
  event('merge.validated', { task, base: sha, sha }),
  event('merge.finished', { task, sha }),

  event('message.sent', { to: z.string(), text: z.string() }),
  event('message.delivered', { session, index: z.number().int() }),
  event('question.asked', { id: z.string(), session, agent, question: z.string() }),
  event('question.answered', { id: z.string(), answer: z.string() }),
]);

/** One line of `events.jsonl`: `seq` counts from 1 without gaps, `at` is the time in ISO 8601. */
export const runEventSchema = z.intersection(
  z.object({ seq: z.number().int().positive(), at: z.string() }),
  eventBodySchema,
);
