import type { StageEvent, StepEvent } from '../../slm/pipeline/events.ts';
import { oneLine } from '../../protocol/printable.ts';
import { duration } from '../../protocol/units.ts';
import { columnsOf, type Cli } from '../cli.ts';
import { LiveRegion } from '../terminal/live-region.ts';
import { canRedraw } from '../terminal/style.ts';
import { cut } from '../terminal/text.ts';

/** How the events of a pipeline command are shown. */
export interface StageView {
  event(event: StageEvent): void;
  /** To be called once, also after a failure: what was drawn in place goes. */
  end(): void;
}

/** On a terminal the steps of a training are redrawn in place; elsewhere one line at most every 10 seconds. */
export function stageView(cli: Cli, json: boolean): StageView {
  if (json) return { event: (event) => cli.print(JSON.stringify(event)), end: () => undefined };
  return canRedraw(cli.stdout, cli.env) ? new LiveView(cli) : new LineView(cli);
}

const LINE_EVERY_SECONDS = 10;
const BAR_COLUMNS = 24;

class LineView implements StageView {
  readonly #cli: Cli;
  readonly #text = stepTexts();
  #shown = -Infinity;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  event(event: StageEvent): void {
    if (event.event === 'step') {
      const last = event.step === event.steps;
      const text = this.#text(event);
      if (event.seconds - this.#shown < LINE_EVERY_SECONDS && !last) return;
      this.#shown = event.seconds;
      this.#cli.print(text);
    } else this.#cli.print(...eventText(this.#cli, event));
  }

  end(): void {}
}

class LiveView implements StageView {
  readonly #cli: Cli;
  readonly #region: LiveRegion;
  readonly #text = stepTexts();

  constructor(cli: Cli) {
    this.#cli = cli;
    this.#region = new LiveRegion(cli.stdout);
  }

  event(event: StageEvent): void {
    const { style, symbols } = this.#cli;
    if (event.event !== 'step') return this.#region.draw([], eventText(this.#cli, event));
    const filled = Math.round(event.fraction * BAR_COLUMNS);
    const bar = symbols.barDone.repeat(filled) + symbols.barLeft.repeat(BAR_COLUMNS - filled);
    const left = cut(this.#text(event), columnsOf(this.#cli) - BAR_COLUMNS - 2, symbols.ellipsis);
    this.#region.draw([`${style.cyan(bar)} ${left}`]);
  }

  end(): void {
    this.#region.clear();
  }
}

/** Steps of one process, told with the time that is left by what the steps since the first one took. */
function stepTexts(): (event: StepEvent) => string {
  let first: StepEvent | undefined;
  return (event) => {
    const { step, steps, loss, fraction, seconds, examples_per_second: speed } = event;
    first ??= event;
    const gone = fraction - first.fraction;
    const left =
      gone > 0 && fraction < 1
        ? `, ${duration((1000 * (seconds - first.seconds) * (1 - fraction)) / gone)} left`
        : '';
    return `step ${step}/${steps}  loss ${loss.toFixed(4)}  ${speed} examples/s${left}`;
  };
}

/** What stays on the screen. */
function eventText({ style }: Cli, event: StageEvent): string[] {
  switch (event.event) {
    case 'message':
      return [oneLine(event.text)];
    case 'begin':
      return [`${event.name}: ${event.parameters} parameters on ${oneLine(event.device)}`];
    case 'resumed':
      return [style.dim(`Goes on at step ${event.step}.`)];
    case 'evaluation': {
      const cells = Object.entries(event).filter(([key]) => !['event', 'seconds', 'step'].includes(key));
      const shown = cells.map(
        ([key, value]) => `${key} ${typeof value === 'number' ? value.toFixed(4) : String(value)}`,
      );
      return [`step ${event.step}, unseen examples: ${shown.join(', ')}`];
    }
    case 'diverged':
      return [
        style.yellow(`${oneLine(event.reason)}; attempt ${event.attempt + 1} with half the learning rate`),
      ];
    case 'step':
    case 'done':
    case 'error':
      return []; // a step has its own line; the end is told by who ran it
  }
}
