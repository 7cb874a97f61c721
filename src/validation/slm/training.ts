import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  choiceRecord,
  dataRecord,
  trainingRecord,
  type DataRecord,
  type TrainingRecord,
} from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { bestEvaluation, logEvents, type LogEvent } from '../../slm/records/log.ts';
import { check, isClose, shown, short, type Check } from './checks.ts';
import type { JudgedCheckpoint } from './judge.ts';
import { artefactCheck, findText, readRecord, trainingsIn, type ModelTree } from './tree.ts';

/** The loss on unseen templates must fall below this part of what training began with. */
const FALL = 0.8;
const MAX_GRADIENT = 1000;
/** Of the loss, relative: a GPU adds up in another order than the judge. */
const LOSS_TOLERANCE = 0.01;
const SHARE_TOLERANCE = 0.01;

/** One training of the tree. */
export async function judgeTraining(tree: ModelTree, name: string): Promise<Check[]> {
  const record = readRecord(tree, RECORDS.training(name), trainingRecord);
  const data = readRecord(tree, RECORDS.data, dataRecord);
  const log = findText(tree, RECORDS.log(name)) ?? '';
  const whole = join(tree.folder, name, 'log.jsonl');
  const checks = [
    ...logChecks(log, existsSync(whole) ? readFileSync(whole, 'utf8') : ''),
    await artefactCheck(tree, 'checkpoint_hash', record.checkpoint),
  ];
  // What is not the file that the record names is not worth reading.
  if (!checks.at(-1)!.passed) return checks;
  const checkpoint = join(tree.folder, record.checkpoint.path);
  const found = await tree.judge.checkpoint(checkpoint, join(tree.folder, data.name));
  const wanted = await tree.judge.architecture(join(tree.path, RECORDS.config));
  return [...checks, ...checkpointChecks({ record, log, data, model: wanted.config.model, found })];
}

/** The log alone, and beside the whole log that training wrote. */
export function logChecks(thinned: string, whole: string): Check[] {
  const lines = (text: string) => text.split('\n').filter((line) => line.trim() !== '');
  const events = logEvents(lines(thinned));
  const steps = events.filter(({ event }) => event === 'step');
  const real = new Set(lines(whole));
  const invented = lines(thinned).find((line) => !real.has(line));
  const rare = (all: LogEvent[]) => all.filter(({ event }) => event !== 'step').length;
  const missing = rare(logEvents(lines(whole))) - rare(events);
  return [
    check(
      'log_true',
      invented === undefined && missing === 0 && events.at(-1)?.event === 'done',
      invented !== undefined
        ? `Training never wrote this line: ${invented.slice(0, 200)}`
        : missing !== 0
          ? `${missing} events of the training are not in its log.`
          : events.at(-1)?.event === 'done'
            ? `${events.length} lines, each as training wrote it.`
            : 'The training did not come to its end.',
    ),
    numbersCheck(events),
    fallCheck(steps, bestEvaluation(events)),
  ];
}

function numbersCheck(events: LogEvent[]): Check {
  const isBad = (value: unknown) => !Number.isFinite(value);
  const bad = events.find(
    (event) =>
      event.event === 'unreadable' ||
      (event.event === 'step' && (isBad(event['loss']) || isBad(event['gradient']))) ||
      (event.event === 'evaluation' && isBad(event['validation_loss'])),
  );
  const gradients = events.flatMap(({ gradient }) => (typeof gradient === 'number' ? [gradient] : []));
  const largest = Math.max(0, ...gradients);
  const retries = events.filter(({ event }) => event === 'diverged').length;
  if (bad)
    return check(
      'log_numbers',
      false,
      `No number at step ${bad.step ?? '?'}: ${JSON.stringify(bad).slice(0, 200)}`,
    );
  return check(
    'log_numbers',
    largest <= MAX_GRADIENT,
    `The largest gradient norm is ${shown(largest)} (at most ${MAX_GRADIENT}), retries: ${retries}.`,
  );
}

function fallCheck(steps: LogEvent[], best: LogEvent | undefined): Check {
  const first = Number(steps[0]?.['loss']);
  const last = Number(best?.['validation_loss']);
  return check(
    'loss_falls',
    last < FALL * first,
    `From ${shown(first)} at the first step to ${shown(last)} on unseen templates (below ${FALL} of it).`,
  );
}

/** A checkpoint as it is, beside what record and log say of it. */
export function checkpointChecks(given: {
  record: TrainingRecord;
  log: string;
  data: DataRecord;
  /** The model of the configuration. */
  model: unknown;
  found: JudgedCheckpoint;
}): Check[] {
  const { record, log, data, model, found } = given;
  const logged = logEvents(log.split('\n')).find(
    (event) => event.event === 'evaluation' && event.step === record.step,
  );
  const { loss, label, action } = record.validation;
  const seen = found.validation;
  const asLogged =
    logged?.['validation_loss'] === loss &&
    logged['validation_label'] === label &&
    logged['validation_action'] === action;
  const repeats =
    isClose(seen?.loss, loss, LOSS_TOLERANCE * loss) &&
    isClose(seen?.label, label, SHARE_TOLERANCE) &&
    isClose(seen?.action, action, SHARE_TOLERANCE);
  return [
    check(
      'training_data',
      record.data === data.hash,
      `Trained on ${short(record.data)}, the data set is ${short(data.hash)}.`,
    ),
    check(
      'training_configuration',
      isDeepStrictEqual(found.config.model, model) && isDeepStrictEqual(record.config['model'], model),
      'The model of the checkpoint, of the record and of SLM/config.yaml must be the same.',
    ),
    check(
      'checkpoint_finite',
      found.finite,
      `Weights: ${found.finite ? 'all are numbers' : 'some are no numbers'}.`,
    ),
    check(
      'checkpoint_step',
      found.step === record.step && asLogged,
      `The checkpoint is of step ${found.step}, the record of step ${record.step}, which the log ${asLogged ? 'has so' : 'has otherwise'}.`,
    ),
    check(
      'checkpoint_loss',
      repeats,
      `Measured again: loss ${shown(seen?.loss)}, labels ${shown(seen?.label)}, actions ${shown(seen?.action)}; ` +
        `the record says ${shown(loss)}, ${shown(label)}, ${shown(action)}.`,
    ),
  ];
}

/** The best of the trainings is the one with the lowest loss on unseen templates. */
export async function judgeChoice(tree: ModelTree): Promise<Check[]> {
  const choice = readRecord(tree, RECORDS.choice, choiceRecord);
  const trainings = trainingsIn(tree);
  return choiceChecks(choice.name, trainings);
}

export function choiceChecks(name: string, trainings: readonly TrainingRecord[]): Check[] {
  const losses = trainings.toSorted((a, b) => a.validation.loss - b.validation.loss);
  const table = losses.map((training) => `${training.name} ${shown(training.validation.loss)}`).join(', ');
  const hyper = new Map<string, string>();
  const twins = trainings.flatMap((training) => {
    const key = JSON.stringify(training.config['train']);
    const twin = hyper.get(key);
    hyper.set(key, training.name);
    return twin === undefined ? [] : [`${twin} and ${training.name}`];
  });
  return [
    check(
      'choice_best',
      losses[0]?.name === name,
      `Chosen: ${name}. By loss on unseen templates: ${table || 'none'}.`,
    ),
    check(
      'choice_differs',
      twins.length === 0,
      twins.length === 0
        ? `${trainings.length} trainings, no two alike.`
        : `Trained with the same settings: ${twins.join(', ')}.`,
    ),
  ];
}
