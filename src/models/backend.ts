import type { Usage } from '../protocol/usage.ts';
import type { ModelDelta, ModelRequest, ModelResponse } from './client.ts';

/** One attempt at a call, as a provider's protocol sees it. */
export interface Attempt {
  request: ModelRequest;
  /** Aborted on cancellation and when a deadline passes. */
  signal: AbortSignal;
  fetch: typeof fetch;
  /** To be called once the request is on its way, where that is not by `fetch`. */
  connected(): void;
  onDelta: (delta: ModelDelta) => void;
  /** To be called for everything of the answer that arrives. */
  progress(): void;
  /** To be given once what the attempt has cost so far, for the case that it fails in the middle. */
  meter(spent: () => Usage): void;
}

/** A provider's wire protocol, without retries and time-outs. Throws what its SDK throws, or an AttemptFailure. */
export interface Backend {
  attempt(attempt: Attempt): Promise<ModelResponse>;
  /**
   * Called with the message of a 400: true when the backend has learned to do without what the server refuses, and
   * the call is worth repeating at once.
   */
  adapt?(message: string): boolean;
}
