/** What a training writes to its log, `log.jsonl`: one event a line, in files of this and of other versions. */

export interface Point {
  step: number;
  value: number;
}
export type TrainingState = 'running' | 'done' | 'stopped' | 'diverged';

export interface Training {
  /** Where its log is, as the user sees it. */
  place: string;
  name: string;
  parameters: number;
  device: string;
  step: number;
  steps: number;
  /** How far it is, from 0 to 1. */
  fraction: number;
  examplesPerSecond: number;
  state: TrainingState;
  /** Of the steps on the task itself, and on unseen templates. */
  loss: Point[];
  validation: Point[];
  /** Shares that were right, from 0 to 1, on unseen templates. */
  label: Point[];
  action: Point[];
}

/** As many as a panel can draw apart. */
const MOST_POINTS = 400;
/** Whoever writes nothing for so long does not work any more. */
const SILENT_MS = 120_000;

/** Reads a log; null when it is none of a training. `changedAt` is when it was last written, in ms since 1970. */
export function readTraining(place: string, text: string, changedAt: number, now: number): Training | null {
  let training: Training | null = null;
  for (const line of text.split('\n')) {
    const event = eventOf(line);
    if (event?.['event'] === 'begin') training = begun(place, event, training);
    else if (training && event) apply(training, event);
  }
  if (!training) return null;
  if (training.state === 'running' && now - changedAt > SILENT_MS) training.state = 'stopped';
  for (const key of ['loss', 'validation', 'label', 'action'] as const) training[key] = thin(training[key]);
  return training;
}

type LogEvent = Record<string, unknown>;

/** The event of a line; null for a line that is half written, or anything else. */
function eventOf(line: string): LogEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    // Python writes NaN where JSON has no such number.
    return JSON.parse(line.replace(/: (?:NaN|-?Infinity)(?=[,}])/g, ': null')) as LogEvent;
  } catch {
    return null;
  }
}

const numberIn = (event: LogEvent, key: string): number | null => {
  const value = event[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};
const textIn = (event: LogEvent, key: string): string => {
  const value = event[key];
  return typeof value === 'string' ? value : '';
};

/** A training that is taken up again begins again; what it had learned stays. */
function begun(place: string, event: LogEvent, before: Training | null): Training {
  return {
    place,
    name: textIn(event, 'name'),
    parameters: numberIn(event, 'parameters') ?? 0,
    device: textIn(event, 'device'),
    step: before?.step ?? 0,
    steps: before?.steps ?? 0,
    fraction: before?.fraction ?? 0,
    examplesPerSecond: 0,
    state: 'running',
    loss: before?.loss ?? [],
    validation: before?.validation ?? [],
    label: before?.label ?? [],
    action: before?.action ?? [],
  };
}

function apply(training: Training, event: LogEvent): void {
  const step = numberIn(event, 'step');
  const add = (points: Point[], key: string) => {
    const value = numberIn(event, key);
    if (value !== null && step !== null) points.push({ step, value });
  };
  switch (event['event']) {
    case 'step':
      // Steps on plain text have a loss of another kind.
      if (event['learns'] !== 'language') add(training.loss, 'loss');
      training.step = step ?? training.step;
      training.steps = numberIn(event, 'steps') ?? training.steps;
      training.fraction = numberIn(event, 'fraction') ?? training.fraction;
      training.examplesPerSecond = numberIn(event, 'examples_per_second') ?? training.examplesPerSecond;
      return;
    case 'evaluation':
      add(training.validation, 'validation_loss');
      add(training.label, 'validation_label');
      add(training.action, 'validation_action');
      return;
    case 'resumed':
      if (step !== null) forget(training, step);
      return;
    case 'diverged':
      training.state = numberIn(event, 'attempt') === numberIn(event, 'retries') ? 'diverged' : 'running';
      return;
    case 'done':
      training.state = 'done';
      training.fraction = 1;
      training.step = step ?? training.step;
      return;
    case 'error':
      training.state = 'stopped';
  }
}

/** It goes on from a checkpoint: what came after that is done again. */
function forget(training: Training, step: number): void {
  for (const key of ['loss', 'validation', 'label', 'action'] as const)
    training[key] = training[key].filter((point) => point.step <= step);
}

function thin(points: Point[]): Point[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return every <= 1 ? points : points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
