import type { EventOf } from '../../protocol/events.ts';
import type { StageEvent } from '../../slm/pipeline/events.ts';
import { number } from './numbers.ts';

type Progress = Pick<EventOf<'stage.progress'>, 'text' | 'fraction'>;

/** The log holds every event; the run's own log gets one of these in so many milliseconds, and what matters. */
const EVERY_MS = 10_000;

/** Thins the events of one stage, and puts them into words. */
export class StageProgress {
  #last = -Infinity;

  /** What to show of this event; null for nothing. */
  next(event: StageEvent, now = performance.now()): Progress | null {
    const matters = !['step', 'message'].includes(event.event);
    if (!matters && now - this.#last < EVERY_MS) return null;
    this.#last = now;
    return inWords(event);
  }
}

function inWords(event: StageEvent): Progress | null {
  switch (event.event) {
    case 'begin':
      return { text: `${event.name}, ${event.parameters} parameters, on ${event.device}`, fraction: 0 };
    case 'step':
      return {
        text: `step ${event.step} of ${event.steps}, loss ${number(event.loss)}`,
        fraction: Math.min(1, Math.max(0, event.fraction)),
      };
    case 'evaluation':
      return { text: `step ${event.step}, loss on unseen templates ${number(event.validation_loss)}` };
    case 'resumed':
      return { text: `goes on at step ${event.step}` };
    case 'diverged':
      return { text: `diverged (${event.reason}), retry ${event.attempt} of ${event.retries}` };
    case 'message':
      return { text: event.text.slice(0, 200) };
    case 'done':
      return { text: 'done', fraction: 1 };
    case 'error':
      return { text: event.message.slice(0, 200) };
  }
}
