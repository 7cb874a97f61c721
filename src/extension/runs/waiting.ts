import type { RunState } from '../../protocol/run-state.ts';
import type { RunRecord } from './run-record.ts';
import { awaitsUser } from './task-rules.ts';

/** What of a run goes on only when the user acts. */
export interface Waiting {
  questions: number;
  reviews: number;
  /** It is paused for something other than the user's wish. */
  paused: Exclude<RunState['pauseReason'], 'user' | null> | null;
}

export function waitingOn({ state, phase, problem }: RunRecord): Waiting {
  const open = !problem && (phase === 'running' || phase === 'paused');
  if (!open) return { questions: 0, reviews: 0, paused: null };
  const { pauseReason } = state;
  return {
    questions: [...state.questions.values()].filter(({ answer }) => answer === null).length,
    reviews: [...state.tasks.values()].filter(awaitsUser).length,
    paused: phase === 'paused' && pauseReason !== 'user' ? pauseReason : null,
  };
}

export function countOf({ questions, reviews, paused }: Waiting): number {
  return questions + reviews + (paused === null ? 0 : 1);
}
