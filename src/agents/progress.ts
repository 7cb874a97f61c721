/** One step of an agent as the watcher compares them: what it did and what came of it. */
export interface Step {
  action: string;
  result: string;
  isError: boolean;
}

/** How far back the watcher looks, in steps. */
const WINDOW = 20;
const SAME_STEP = 4;
const SAME_ERROR = 3;
const ALTERNATIONS = 6;

/**
 * Notices an agent that goes in circles: the same action with the same result 4 times, the same error 3 times in a
 * row, or two actions that alternate 6 times. Numbers as other agent engines found them useful.
 */
export class ProgressWatcher {
  #steps: Step[] = [];

  /** Takes the next step; returns what the agent is stuck in, in words for the agent, or null. */
  observe(step: Step): string | null {
    this.#steps.push(step);
    if (this.#steps.length > WINDOW) this.#steps.shift();
    return this.#sameStep(step) ?? this.#sameError() ?? this.#alternation();
  }

  /** Forgets what was seen, after a nudge. */
  reset(): void {
    this.#steps = [];
  }

  #sameStep(step: Step): string | null {
    const same = this.#steps.filter(({ action, result }) => action === step.action && result === step.result);
    return same.length >= SAME_STEP
      ? `you did the same thing ${same.length} times and got the same result each time`
      : null;
  }

  #sameError(): string | null {
    const last = this.#steps.slice(-SAME_ERROR);
    const first = last[0];
    const stuck =
      last.length === SAME_ERROR && last.every((step) => step.isError && step.result === first?.result);
    return stuck ? `the same error came ${SAME_ERROR} times in a row` : null;
  }

  #alternation(): string | null {
    const last = this.#steps.slice(-2 * ALTERNATIONS);
    if (last.length < 2 * ALTERNATIONS) return null;
    const [a, b] = [last[0]!.action, last[1]!.action];
    const alternates = a !== b && last.every((step, index) => step.action === (index % 2 === 0 ? a : b));
    return alternates ? `you went back and forth between two actions ${ALTERNATIONS} times` : null;
  }
}
