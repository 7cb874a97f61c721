import { join } from 'node:path';
import {
  dataRecord,
  evaluationRecord,
  type EvaluationRecord,
  type TrainingRecord,
} from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { check, shown, short, type Check } from './checks.ts';
import type { JudgedEvaluation } from './judge.ts';
import { goalsFor, type Goals } from './tiers.ts';
import { artefactCheck, chosenIn, readRecord, type ModelTree } from './tree.ts';

/** Between two evaluations of the same weights: the order of sums differs between a GPU and the judge's processor. */
const TOLERANCE = 0.01;
/** So that, of two that are about as likely, another answer is chosen: once in each cell, however few sentences it has. */
const OTHER_ANSWERS = 1;
const ROUNDING = 1e-9;

export async function judgeEvaluation(tree: ModelTree): Promise<Check[]> {
  const record = readRecord(tree, RECORDS.evaluation, evaluationRecord);
  const training = chosenIn(tree);
  const data = readRecord(tree, RECORDS.data, dataRecord);
  const hash = await artefactCheck(tree, 'evaluated_file', record.checkpoint);
  if (!hash.passed) return [hash];
  const again = await tree.judge.evaluation(
    join(tree.folder, record.checkpoint.path),
    join(tree.folder, data.name),
    record.size,
  );
  const parameters = Number(record.results['parameters']);
  return [hash, ...evaluationChecks(record, training, again, goalsFor(parameters, tree.goals))];
}

/** A report beside what the engine measures itself, and what must be reached. */
export function evaluationChecks(
  record: EvaluationRecord,
  training: TrainingRecord,
  again: JudgedEvaluation,
  goals: Goals,
): Check[] {
  const differences = differencesIn(again.cells, record.results.precisions['f32'] ?? {}, record.size);
  const named = (again.cells['grounding'] as { made_up_named?: number } | undefined)?.made_up_named;
  return [
    check(
      'evaluated_checkpoint',
      record.checkpoint.sha256 === training.checkpoint.sha256 && record.data === training.data,
      `Evaluated ${short(record.checkpoint.sha256)} on ${short(record.data)}; chosen is ${training.name}, ` +
        `${short(training.checkpoint.sha256)} on ${short(training.data)}.`,
    ),
    check(
      'evaluation_repeats',
      differences.length === 0,
      differences.length === 0
        ? 'Every number of the report came out again.'
        : `Measured again, ${differences.length} numbers differ: ${differences.slice(0, 5).join('; ')}.`,
    ),
    ...goalChecks(again, goals),
    check(
      'made_up_ids',
      named === 0,
      `${named ?? 'Unknown how many'} of 1000 made-up ids were given a name (none may be).`,
    ),
  ];
}

export function goalChecks({ benchmark, perplexity }: JudgedEvaluation, goals: Goals): Check[] {
  return [
    check(
      'perplexity',
      perplexity !== null && perplexity <= goals.maxPerplexity,
      `${shown(perplexity)} (at most ${goals.maxPerplexity}).`,
    ),
    check(
      'benchmark',
      benchmark >= goals.minBenchmark,
      `The intent of ${shown(benchmark)} of the hand-written sentences was found (at least ${goals.minBenchmark}).`,
    ),
  ];
}

/**
 * Numbers of `measured` that `said` has otherwise or not at all; what only `said` has is not looked at. Shares are of
 * `size` sentences, unless those beside them say of how many.
 */
function differencesIn(measured: unknown, said: unknown, size: number, at = ''): string[] {
  if (typeof measured === 'number') {
    const tolerance = Math.max(TOLERANCE * Math.max(1, Math.abs(measured)), OTHER_ANSWERS / size);
    const same = typeof said === 'number' && Math.abs(measured - said) <= tolerance + ROUNDING;
    return same ? [] : [`${at} is ${shown(measured)}, the report says ${JSON.stringify(said)}`];
  }
  if (typeof measured !== 'object' || measured === null) return [];
  const { sentences = size } = measured as { sentences?: number };
  return Object.entries(measured).flatMap(([key, value]) => {
    const other = (said as Record<string, unknown> | undefined)?.[key];
    return differencesIn(value, other, sentences, at ? `${at}.${key}` : key);
  });
}
