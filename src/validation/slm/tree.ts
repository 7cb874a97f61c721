import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../../protocol/errors.ts';
import type { Artefact, ChoiceRecord, TrainingRecord } from '../../slm/records/format.ts';
import { choiceRecord, trainingRecord } from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { sha256Of } from '../../slm/records/write.ts';
import { check, short, type Check } from './checks.ts';
import type { Judge } from './judge.ts';
import type { Goals } from './tiers.ts';

/** A tree of the workspace with records of a model, and what they are about. */
export interface ModelTree {
  /** A checkout. */
  path: string;
  /** The run's folder of large files. */
  folder: string;
  judge: Judge;
  /** What the user asks for in place of the tier's own goals. */
  goals: Partial<Goals>;
}

/** A record is missing or no record. */
export class RecordProblem extends Error {
  override name = 'RecordProblem';
}

export function readRecord<Schema extends z.ZodType>(
  tree: ModelTree,
  path: string,
  schema: Schema,
): z.infer<Schema> {
  const record = findRecord(tree, path, schema);
  if (record === undefined) throw new RecordProblem(`${path} is missing.`);
  return record;
}

/** The same, undefined where there is none. */
export function findRecord<Schema extends z.ZodType>(
  tree: ModelTree,
  path: string,
  schema: Schema,
): z.infer<Schema> | undefined {
  const text = findText(tree, path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RecordProblem(`${path} is no JSON: ${errorMessage(error)}.`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new RecordProblem(`${path} is no such record: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export function findText(tree: ModelTree, path: string): string | undefined {
  const file = join(tree.path, path);
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, 'utf8') : undefined;
}

/** Names of the files of a folder of the tree that end so, without the ending. */
export function namesIn(tree: ModelTree, folder: string, ending: string): string[] {
  const path = join(tree.path, folder);
  if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/** What the tree has quantisations to. */
export function quantizationsIn(tree: ModelTree): string[] {
  return namesIn(tree, 'SLM/quantization', '.json').filter((name) => ['int8', 'int4'].includes(name));
}

/** Every training that is recorded in the tree. */
export function trainingsIn(tree: ModelTree): TrainingRecord[] {
  return namesIn(tree, 'SLM/training', '.json')
    .filter((name) => name !== 'choice')
    .map((name) => readRecord(tree, RECORDS.training(name), trainingRecord));
}

/** The training that was chosen. */
export function chosenIn(tree: ModelTree): TrainingRecord {
  const choice: ChoiceRecord = readRecord(tree, RECORDS.choice, choiceRecord);
  return readRecord(tree, RECORDS.training(choice.name), trainingRecord);
}

/** Whether a file of the run's folder is the one that a record speaks of. */
export async function artefactCheck(tree: ModelTree, name: string, artefact: Artefact): Promise<Check> {
  const file = join(tree.folder, artefact.path);
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) return check(name, false, `${artefact.path} is not in the folder of the run.`);
  const found = await sha256Of(file);
  const same = found === artefact.sha256 && stats.size === artefact.bytes;
  return check(
    name,
    same,
    same
      ? `${artefact.path} has the hash ${short(found)}.`
      : `${artefact.path} has the hash ${short(found)}, the record says ${short(artefact.sha256)}.`,
  );
}
