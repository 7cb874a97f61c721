export interface TimeLimits {
  connectMs: number;
  firstTokenMs: number;
  idleMs: number;
}

type Phase = 'connect' | 'first token' | 'idle';

/** What went wrong when a deadline passed. */
export class DeadlineError extends Error {
  readonly phase: Phase;

  constructor(phase: Phase, ms: number) {
    super(`${WHAT[phase]} within ${ms / 1000} s`);
    this.name = 'DeadlineError';
    this.phase = phase;
  }
}

const WHAT: Record<Phase, string> = {
  connect: 'no connection',
  'first token': 'no first token',
  idle: 'nothing more arrived',
};

/**
 * The three clocks of one streamed answer, one running at a time: until the connection stands, until the first token,
 * then between any two signs of life. Keep-alive bytes do not count as a first token, but later they count as life:
 * a model may think for long.
 */
export class Deadlines {
  readonly #limits: TimeLimits;
  readonly #expire: (error: DeadlineError) => void;
  #phase: Phase = 'connect';
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: TimeLimits, expire: (error: DeadlineError) => void) {
    this.#limits = limits;
    this.#expire = expire;
    this.#start('connect');
  }

  connected(): void {
    if (this.#phase === 'connect') this.#start('first token');
  }

  token(): void {
    this.#start('idle');
  }

  received(): void {
    if (this.#phase === 'idle') this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start(phase: Phase): void {
    this.stop();
    this.#phase = phase;
    const ms = this.#milliseconds(phase);
    this.#timer = setTimeout(() => this.#expire(new DeadlineError(phase, ms)), ms);
  }

  #milliseconds(phase: Phase): number {
    const { connectMs, firstTokenMs, idleMs } = this.#limits;
    return phase === 'connect' ? connectMs : phase === 'idle' ? idleMs : firstTokenMs;
  }
}
