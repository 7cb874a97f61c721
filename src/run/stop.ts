/** The reason a run's work is interrupted without having failed: everything is taken up again from the log. */
export class RunStopped extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RunStopped';
  }
}

/**
 * How one period of work (from start or continue to pause or end) is stopped. `work` ends builds, boots and
 * commands at once; a call to a model that is under way is paid for, so `calls` lets it finish unless the stop is hard.
 */
export class Stopper {
  readonly #work = new AbortController();
  readonly #calls = new AbortController();

  get work(): AbortSignal {
    return this.#work.signal;
  }

  get calls(): AbortSignal {
    return this.#calls.signal;
  }

  /** Lets answers that are under way arrive, and stops everything else. */
  soft(reason: string): void {
    this.#work.abort(new RunStopped(reason));
  }

  hard(reason: string): void {
    this.soft(reason);
    this.#calls.abort(new RunStopped(reason));
  }

  throwIfStopping(): void {
    this.#work.signal.throwIfAborted();
  }
}
