import { join } from 'node:path';
import { z } from 'zod';
import { dataRecord, type DataRecord } from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { check, shown, short, type Check } from './checks.ts';
import type { JudgedData } from './judge.ts';
import { readRecord, type ModelTree } from './tree.ts';

/**
 * Prompts that a part may share with training, as shares of it. Unseen templates make a few short sentences that others
 * make too; sentences without any value are no different for unseen values.
 */
const MAX_SHARED = { validation: 0.05, values: 0.3 };
/** Of each label, in the training set. */
const MIN_LABEL_SHARE = 0.02;

const PARTS = ['train', 'validation', 'values'] as const;
const statistics = z.looseObject({ hash: z.string(), vocabulary: z.number() });
const partStatistics = z.looseObject({
  examples: z.number(),
  tokens: z.number(),
  labels: z.record(z.string(), z.number()),
});

export async function judgeData(tree: ModelTree): Promise<Check[]> {
  const record = readRecord(tree, RECORDS.data, dataRecord);
  return dataChecks(record, await tree.judge.data(join(tree.folder, record.name)));
}

/** What was found in the files, beside what the record says of them. */
export function dataChecks(record: DataRecord, found: JudgedData): Check[] {
  const shared = (part: 'validation' | 'values') =>
    (found.parts[part].in_training ?? 0) / Math.max(1, found.parts[part].examples);
  const { labels, examples } = found.parts.train;
  const rarest = Math.min(...Object.values(labels), examples) / Math.max(1, examples);
  const untrue = untrueStatistics(record, found);
  return [
    check(
      'data_hash',
      record.hash === found.hash,
      record.hash === found.hash
        ? `The files have the hash ${short(found.hash)}.`
        : `The files have the hash ${short(found.hash)}, the record says ${short(record.hash)}.`,
    ),
    check(
      'data_statistics',
      untrue.length === 0,
      untrue.join(' ') || `${examples} examples, as the record says.`,
    ),
    check(
      'data_leak',
      found.held_out_in_training === 0 &&
        shared('validation') <= MAX_SHARED.validation &&
        shared('values') <= MAX_SHARED.values,
      `In the training set: ${found.held_out_in_training} held-out sentences (none may be), ` +
        `${shown(shared('validation'))} of the unseen templates' (at most ${MAX_SHARED.validation}), ` +
        `${shown(shared('values'))} of the unseen values' (at most ${MAX_SHARED.values}).`,
    ),
    check(
      'data_balance',
      rarest >= MIN_LABEL_SHARE,
      `The rarest label is ${shown(rarest)} of ${examples} examples (at least ${MIN_LABEL_SHARE}).`,
    ),
  ];
}

function untrueStatistics(record: DataRecord, found: JudgedData): string[] {
  const said = statistics.safeParse(record.statistics);
  if (!said.success) return ['The record has no statistics.'];
  const untrue: string[] = [];
  const compare = (what: string, claimed: unknown, real: number) => {
    if (claimed !== real) untrue.push(`${what}: the record says ${String(claimed)}, the files have ${real}.`);
  };
  if (said.data.hash !== record.hash) untrue.push('The statistics are of another data set than the record.');
  compare('vocabulary', said.data.vocabulary, found.vocabulary);
  for (const name of PARTS) {
    const part = partStatistics.safeParse(record.statistics[name]);
    const real = found.parts[name];
    compare(`${name}, examples`, part.data?.examples, real.examples);
    compare(`${name}, tokens`, part.data?.tokens, real.tokens);
    for (const label of new Set([...Object.keys(real.labels), ...Object.keys(part.data?.labels ?? {})]))
      compare(`${name}, ${label}`, part.data?.labels[label] ?? 0, real.labels[label] ?? 0);
  }
  return untrue;
}
