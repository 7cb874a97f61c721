import { setTimeout as sleep } from 'node:timers/promises';
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  circuitBreaker,
  handleWhen,
  retry,
} from 'cockatiel';
import type { CircuitBreakerPolicy } from 'cockatiel';
import { addUsage } from '../protocol/usage.ts';
import type { Usage } from '../protocol/usage.ts';
import type { Backend } from './backend.ts';
import type { ModelClient, ModelDelta, ModelRequest, ModelResponse } from './client.ts';
import { Deadlines } from './deadlines.ts';
import type { TimeLimits } from './deadlines.ts';
import { AttemptFailure, classify, toModelError } from './failures.ts';
import type { FailureContext } from './failures.ts';
import type { Transport } from './transport.ts';

export interface Resilience {
  /** Repeats of a failed call. */
  retries: number;
  /** Back-off with jitter between these two. */
  firstDelayMs: number;
  maxDelayMs: number;
  /** A provider that asks to wait longer than this is not waited for. */
  longestWaitMs: number;
  /** Consecutive failures of one model, of all agents together, after which it is left alone for a while. */
  breakAfter: number;
  breakForMs: number;
}

export const RESILIENCE: Omit<Resilience, 'retries'> = {
  firstDelayMs: 1_000,
  maxDelayMs: 60_000,
  longestWaitMs: 300_000,
  breakAfter: 8,
  breakForMs: 15_000,
};

/** The breaker of one provider and model, to be shared by all agents that use it. */
export function createBreaker(options: Pick<Resilience, 'breakAfter' | 'breakForMs'>): CircuitBreakerPolicy {
  // A 429 is a server that works, and tells each caller when to come back.
  const countsAsDown = (error: Error) =>
    error instanceof AttemptFailure && error.retryable && error.status !== 429;
  return circuitBreaker(handleWhen(countsAsDown), {
    breaker: new ConsecutiveBreaker(options.breakAfter),
    halfOpenAfter: options.breakForMs,
  });
}

export interface ResilientOptions {
  backend: Backend;
  transport: Transport;
  breaker: CircuitBreakerPolicy;
  resilience: Resilience;
  limits: TimeLimits;
  context: FailureContext;
  redact: (text: string) => string;
}

/** A ModelClient that repeats what can succeed on repetition, watches the clock and explains the rest. */
export class ResilientClient implements ModelClient {
  readonly #options: ResilientOptions;

  constructor(options: ResilientOptions) {
    this.#options = options;
  }

  async complete(
    request: ModelRequest,
    signal: AbortSignal,
    onDelta: (delta: ModelDelta) => void = () => {},
    patience: AbortSignal = signal,
  ): Promise<ModelResponse> {
    signal.throwIfAborted();
    const call = new Call(this.#options, { request, signal, onDelta, patience });
    const { resilience, context, redact } = this.#options;
    try {
      return await call.run();
    } catch (error) {
      signal.throwIfAborted();
      const failure = call.lastFailure;
      if (failure === null || !(error === failure || error instanceof BrokenCircuitError)) throw error;
      const waited = failure.retryAfterMs ?? 0;
      if (waited > resilience.longestWaitMs) {
        failure.message += `; it asks to wait ${Math.ceil(waited / 60_000)} minutes`;
      }
      throw toModelError(failure, call.attempts, context, redact);
    }
  }
}

/** One call with all its attempts. */
class Call {
  attempts = 0;
  lastFailure: AttemptFailure | null = null;

  readonly #options: ResilientOptions;
  readonly #request: ModelRequest;
  readonly #signal: AbortSignal;
  readonly #patience: AbortSignal;
  readonly #onDelta: (delta: ModelDelta) => void;
  #shown = false;
  #lost: Usage | null = null;

  constructor(
    options: ResilientOptions,
    call: {
      request: ModelRequest;
      signal: AbortSignal;
      onDelta: (delta: ModelDelta) => void;
      patience: AbortSignal;
    },
  ) {
    this.#options = options;
    this.#request = call.request;
    this.#signal = call.signal;
    this.#patience = call.patience;
    this.#onDelta = call.onDelta;
  }

  async run(): Promise<ModelResponse> {
    const { resilience, breaker } = this.#options;
    // The waiting is done here and not by the policy, whose timer cannot be cancelled.
    const policy = retry(
      handleWhen((error) => this.#isWorthRepeating(error)),
      {
        maxAttempts: resilience.retries,
      },
    );
    let backoff = new ExponentialBackoff({
      initialDelay: resilience.firstDelayMs,
      maxDelay: resilience.maxDelayMs,
    }).next();
    const response = await policy.execute(async ({ attempt }) => {
      if (attempt > 0) {
        await this.#wait(backoff.duration);
        backoff = backoff.next(undefined);
      }
      return breaker.execute(() => this.#adaptiveAttempt());
    }, this.#signal);
    return this.#lost ? { ...response, usage: addUsage(response.usage, this.#lost) } : response;
  }

  #isWorthRepeating(error: unknown): boolean {
    if (this.#signal.aborted) return false;
    if (error instanceof BrokenCircuitError) {
      this.lastFailure ??= new AttemptFailure('overloaded', 'all recent calls have failed', {
        retryable: true,
      });
      return true;
    }
    return (
      error instanceof AttemptFailure &&
      error.retryable &&
      (error.retryAfterMs ?? 0) <= this.#options.resilience.longestWaitMs
    );
  }

  async #wait(backoffMs: number): Promise<void> {
    const ending = AbortSignal.any([this.#signal, this.#patience]);
    try {
      await sleep(this.#waitMs(backoffMs), undefined, { signal: ending });
    } catch {
      ending.throwIfAborted();
    }
  }

  #waitMs(backoffMs: number): number {
    const { breaker, resilience } = this.#options;
    const asked = this.lastFailure?.retryAfterMs ?? 0;
    // While the circuit is open an attempt before its end would be wasted.
    const open = breaker.state === CircuitState.Open ? resilience.breakForMs : 0;
    // Jitter on top of what is asked, so that agents told the same time do not come back at the same moment.
    return Math.max(backoffMs, asked + Math.min(backoffMs, asked / 4), open);
  }

  /** One attempt, repeated at once when the server only wants the request in another form. */
  async #adaptiveAttempt(): Promise<ModelResponse> {
    for (;;) {
      try {
        return await this.#attempt();
      } catch (error) {
        const refused = error instanceof AttemptFailure && error.status === 400 ? error.message : undefined;
        if (refused === undefined || !this.#options.backend.adapt?.(refused)) throw error;
      }
    }
  }

  async #attempt(): Promise<ModelResponse> {
    this.#signal.throwIfAborted();
    const { backend, transport, limits } = this.#options;
    this.attempts++;
    const abort = new AbortController();
    const deadlines = new Deadlines(limits, (error) => abort.abort(error));
    let spent: () => Usage | null = () => null;
    if (this.#shown || this.lastFailure) {
      this.#shown = false;
      this.#onDelta({ type: 'restart', reason: this.lastFailure?.message ?? 'the call is repeated' });
    }
    try {
      return await backend.attempt({
        request: this.#request,
        signal: AbortSignal.any([this.#signal, abort.signal]),
        fetch: transport.fetch(deadlines),
        connected: () => deadlines.connected(),
        onDelta: (delta) => {
          if (this.#signal.aborted) return;
          this.#shown = true;
          this.#onDelta(delta);
        },
        progress: () => deadlines.token(),
        meter: (meter) => (spent = meter),
      });
    } catch (error) {
      this.#signal.throwIfAborted();
      const failure = classify(abort.signal.aborted ? abort.signal.reason : error);
      if (failure === null) throw error;
      this.lastFailure = failure;
      const lost = spent();
      if (lost) this.#lost = this.#lost ? addUsage(this.#lost, lost) : lost;
      throw failure;
    } finally {
      deadlines.stop();
    }
  }
}
