import { z } from 'zod';

/** Seconds since the command began. */
const seconds = z.number();
const number = z.number();

/** What training tells about a step that it shows. */
export const stepEvent = z.looseObject({
  event: z.literal('step'),
  seconds,
  step: number,
  steps: number,
  loss: number,
  /** What the step learned from: "task" or "language". */
  learns: z.string().optional(),
  /** Norm of the gradient before it was clipped. */
  gradient: number,
  learning_rate: number,
  examples_per_second: number,
  /** How far training is, from 0 to 1. */
  fraction: number,
});

/** Measures on held-out examples during training; more keys name further cells. */
export const evaluationEvent = z.looseObject({
  event: z.literal('evaluation'),
  seconds,
  step: number,
  validation_loss: number.optional(),
  validation_label: number.optional(),
  validation_action: number.optional(),
});

const events = [
  z.looseObject({ event: z.literal('message'), seconds, text: z.string() }),
  z.looseObject({
    event: z.literal('begin'),
    seconds,
    name: z.string(),
    parameters: number,
    device: z.string(),
  }),
  z.looseObject({ event: z.literal('resumed'), seconds, step: number }),
  stepEvent,
  evaluationEvent,
  z.looseObject({
    event: z.literal('diverged'),
    seconds,
    reason: z.string(),
    attempt: number,
    retries: number,
  }),
  z.looseObject({ event: z.literal('done'), seconds }),
  z.looseObject({ event: z.literal('error'), seconds, message: z.string() }),
] as const;

const knownEvent = z.discriminatedUnion('event', events);

/** What a pipeline command tells while it works: one JSON object a line of its output. */
export type StageEvent = z.output<typeof knownEvent>;
export type StepEvent = z.output<typeof stepEvent>;

/** The event of a line; null for any other text, and for an event of a kind that is not known here. */
export function parseEvent(line: string): StageEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    // Python writes NaN where JSON has no such number.
    const value: unknown = JSON.parse(line.replace(/: (?:NaN|-?Infinity)(?=[,}])/g, ': null'));
    return knownEvent.safeParse(value).data ?? null;
  } catch {
    return null;
  }
}
