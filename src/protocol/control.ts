import type { RunEvent, RunOutcome } from './events.ts';
import type { Review } from './review.ts';
import type { RunState } from './run-state.ts';

/** What does not belong in the log: text as a model writes it, serial output as it comes. */
export type LiveOutput =
  { kind: 'text'; agent: string; text: string } | { kind: 'serial'; source: string; text: string };

/** What a client can ask of a run; every method rejects with a UserError when it makes no sense now. */
export interface RunControl {
  /** Agents finish their current step, then stop; builds in flight are cancelled and done again. */
  pause(): Promise<void>;
  continue(): Promise<void>;
  cancel(): Promise<void>;
  /** A failed, blocked or cancelled task gets a fresh set of attempts. */
  retryTask(task: string): Promise<void>;
  /** The task is left out; those that depend on it may start. */
  skipTask(task: string): Promise<void>;
  cancelTask(task: string): Promise<void>;
  /** The user's own verdict on a change that is reviewed, waits for its merge, or failed because of its reviews. */
  reviewTask(task: string, review: Review): Promise<void>;
  /** `to` is an agent's or a task's id; the text reaches it before its next step. */
  sendMessage(to: string, text: string): Promise<void>;
  answerQuestion(id: string, answer: string): Promise<void>;
  setBudget(maxCostUsd: number): Promise<void>;
}

/** A run in this process. */
export interface RunHandle extends RunControl {
  readonly state: RunState;
  /** Where the run's files are. */
  readonly folder: string;
  /** Called after each event has been made durable and applied; returns the function that unsubscribes. */
  onEvent(listener: (event: RunEvent, state: RunState) => void): () => void;
  onOutput(listener: (output: LiveOutput) => void): () => void;
  /** Resolves when the run has ended or stopped: `paused` when it waits for the user. */
  readonly stopped: Promise<RunOutcome | 'paused'>;
  /** Ends this process's part at once, as a crash would but tidily; `auton resume` continues. */
  shutdown(): Promise<void>;
}
