import { join } from 'node:path';
import {
  dataRecord,
  evaluationRecord,
  quantizationRecord,
  type QuantizationRecord,
  type TrainingRecord,
} from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { check, shown, short, type Check } from './checks.ts';
import type { JudgedCheckpoint, JudgedEvaluation } from './judge.ts';
import { artefactCheck, chosenIn, quantizationsIn, readRecord, type ModelTree } from './tree.ts';

/** Of the benchmark, relative to the model that was rounded. */
const MAX_LOSS = 0.02;
const TYPES = { int8: 'Q8_0', int4: 'Q4_0' } as const;

/** Every quantisation of the tree; `required` must be among them. */
export async function judgeQuantization(tree: ModelTree, required: 'int8' | 'int4' | null): Promise<Check[]> {
  const kinds = quantizationsIn(tree);
  const training = chosenIn(tree);
  const checks = [
    check(
      'quantization_wanted',
      required === null || kinds.includes(required),
      `Recorded: ${kinds.join(', ') || 'none'}; wanted (slm.quantization): ${required ?? 'none'}.`,
    ),
  ];
  for (const kind of kinds) checks.push(...(await judgeOne(tree, kind, training)));
  return checks;
}

async function judgeOne(tree: ModelTree, kind: string, training: TrainingRecord): Promise<Check[]> {
  const record = readRecord(tree, RECORDS.quantization(kind), quantizationRecord);
  const { size } = readRecord(tree, RECORDS.evaluation, evaluationRecord);
  const hash = await artefactCheck(tree, `${kind}_hash`, record.checkpoint);
  if (!hash.passed) return [hash];
  const data = join(tree.folder, readRecord(tree, RECORDS.data, dataRecord).name);
  const file = join(tree.folder, record.checkpoint.path);
  const before = await tree.judge.evaluation(join(tree.folder, training.checkpoint.path), data, size);
  const after = await tree.judge.evaluation(file, data, size);
  const found = await tree.judge.checkpoint(file, data);
  return [hash, ...quantizationChecks(record, training, { found, before, after })];
}

export function quantizationChecks(
  record: QuantizationRecord,
  training: TrainingRecord,
  { found, before, after }: { found: JudgedCheckpoint; before: JudgedEvaluation; after: JudgedEvaluation },
): Check[] {
  const { kind, source } = record;
  const lost = lossOf(before, after);
  return [
    check(
      `${kind}_source`,
      source.sha256 === training.checkpoint.sha256,
      `Made from ${short(source.sha256)}, chosen is ${short(training.checkpoint.sha256)}.`,
    ),
    check(
      `${kind}_rounded`,
      found.quantisation?.type === TYPES[kind],
      `The checkpoint holds ${found.quantisation?.type ?? 'full precision'}, not less may be than ${TYPES[kind]}.`,
    ),
    check(
      `${kind}_loss`,
      lost < MAX_LOSS,
      `The benchmark went from ${shown(before.benchmark)} to ${shown(after.benchmark)}: ${shown(100 * lost)} % lost (below ${100 * MAX_LOSS} %).`,
    ),
  ];
}

/** What of the benchmark is lost, as a part of it; negative where there is a gain. */
export function lossOf(before: JudgedEvaluation, after: JudgedEvaluation): number {
  return (before.benchmark - after.benchmark) / before.benchmark;
}
