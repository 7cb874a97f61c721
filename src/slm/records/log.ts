import { ToolError } from '../../tools/tool-error.ts';

/** A line of a training's log. */
export type LogEvent = { event: string; step?: number } & Record<string, unknown>;

/** Steps that a thinned log keeps; evaluations and whatever is rare stay all. */
const KEPT_STEPS = 100;

/** The events of a log's lines; a line that is no JSON is an event of its own, "unreadable". */
export function logEvents(lines: readonly string[]): LogEvent[] {
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      try {
        // Python writes NaN where JSON has no such number.
        return JSON.parse(line.replace(/: (?:NaN|-?Infinity)(?=[,}])/g, ': null')) as LogEvent;
      } catch {
        return { event: 'unreadable', line };
      }
    });
}

/** Some lines of a log, none changed: the first and last step, and so many between them. */
export function thinLog(lines: readonly string[]): string[] {
  const whole = lines.filter((line) => line.trim() !== '');
  const events = logEvents(whole);
  const steps = events.flatMap(({ event }, index) => (event === 'step' ? [index] : []));
  const every = Math.max(1, Math.ceil(steps.length / KEPT_STEPS));
  const kept = new Set(steps.filter((_, i) => i % every === 0 || i === steps.length - 1));
  return whole.filter((_, index) => events[index]!.event !== 'step' || kept.has(index));
}

export interface TrainingEnd {
  data: string;
  config: Record<string, unknown>;
  step: number;
  validation: { loss: number; label: number; action: number };
}

/** What a log says of the checkpoint `best.pt`: where its score was best, the later of two equal ones. */
export function trainingEnd(lines: readonly string[]): TrainingEnd {
  const events = logEvents(lines);
  const begin = events.findLast(({ event }) => event === 'begin');
  const best = bestEvaluation(events);
  if (!begin || !best)
    throw new ToolError('The log of this training has no evaluation: it has not come far enough.');
  const value = (key: string) => Number(best[key]);
  return {
    data: String(begin['data']),
    config: begin['config'] as Record<string, unknown>,
    step: best.step!,
    validation: {
      loss: value('validation_loss'),
      label: value('validation_label'),
      action: value('validation_action'),
    },
  };
}

export function bestEvaluation(events: readonly LogEvent[]): LogEvent | undefined {
  const score = (event: LogEvent) =>
    ['validation_label', 'validation_action', 'values_action'].reduce(
      (sum, key) => sum + Number(event[key]),
      0,
    );
  return events
    .filter(({ event }) => event === 'evaluation')
    .reduce<LogEvent | undefined>(
      (best, event) => (best && score(best) > score(event) ? best : event),
      undefined,
    );
}
