import type { z } from 'zod';
import type { eventBodySchema } from './schema/events.ts';

/** The version of the event log's format; a log of another major version is refused with a remedy. */
export const EVENT_LOG_VERSION = 1;

export const ATTEMPT_OUTCOMES = [
  'finished', // the agent said it is done; the gates decide
  'no_progress',
  'turn_limit',
  'token_limit',
  'time_limit',
  'budget', // the run's or the task's money is used up
  'error', // the model could not answer
  'cancelled',
] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export const RUN_OUTCOMES = ['done', 'failed', 'cancelled'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export const PAUSE_REASONS = ['user', 'budget', 'workspace', 'model'] as const;

export type EventBody = z.infer<typeof eventBodySchema>;
export type RunEvent = EventBody & { seq: number; at: string };
export type EventOf<T extends EventBody['type']> = Extract<EventBody, { type: T }>;
