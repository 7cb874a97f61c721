import type { ValidateEvent } from '../../protocol/validate-events.ts';

/** Makes events of the output of `auton validate --events`, which comes in pieces. */
export class EventLines {
  readonly #onEvent: (event: ValidateEvent) => void;
  #rest = '';

  constructor(onEvent: (event: ValidateEvent) => void) {
    this.#onEvent = onEvent;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = parse(line);
      if (event) this.#onEvent(event);
    }
  }
}

/** Anything else that gets into the output is no event. */
function parse(line: string): ValidateEvent | null {
  try {
    const value = JSON.parse(line) as ValidateEvent | null;
    return value !== null && typeof value === 'object' && 'type' in value ? value : null;
  } catch {
    return null;
  }
}
