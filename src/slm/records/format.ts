import { z } from 'zod';
import { artefactName } from '../../tools/slm/names.ts';

/**
 * What agents commit of a model in the making: small texts. The large files that they speak of lie in a folder of the
 * run, and are named here by their path in it and their hash. Agents' tools write these records; the gates believe none
 * of them and look again.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A file of the run's folder: its path there, with `/`. */
export const artefact = z.strictObject({
  path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/, 'a path inside the folder of the run'),
  sha256,
  bytes: z.number().int().nonnegative(),
});
export type Artefact = z.infer<typeof artefact>;

/** Of a data set; the statistics are the pipeline's, as they are. */
export const dataRecord = z.strictObject({
  name: artefactName,
  hash: sha256,
  statistics: z.record(z.string(), z.unknown()),
});

/** Of one training. */
export const trainingRecord = z.strictObject({
  name: artefactName,
  /** Hash of the data set. */
  data: sha256,
  /** The whole configuration, as the checkpoint has it. */
  config: z.record(z.string(), z.unknown()),
  checkpoint: artefact,
  /** Of the checkpoint. */
  step: z.number().int().positive(),
  /** What was measured at that step on unseen templates. */
  validation: z.strictObject({ loss: z.number(), label: z.number(), action: z.number() }),
});

/** The best of several trainings. */
export const choiceRecord = z.strictObject({
  name: artefactName,
  /** For people. */
  reason: z.string().default(''),
});

/** Of an evaluation; the results are the pipeline's `evaluation.json`. */
export const evaluationRecord = z.strictObject({
  checkpoint: artefact,
  data: sha256,
  /** Sentences and devices of the generated cells. */
  size: z.number().int().positive(),
  results: z.looseObject({ precisions: z.record(z.string(), z.looseObject({})) }),
});

export const quantizationRecord = z.strictObject({
  /** The checkpoint that was rounded. */
  source: artefact,
  checkpoint: artefact,
  kind: z.enum(['int8', 'int4']),
  method: z.string(),
});

/** Beside an exported file: the pipeline's manifest, and the checkpoint that it was made from. */
export const manifestRecord = z.looseObject({
  file: z.string(),
  format: z.string(),
  bytes: z.number().int().positive(),
  sha256,
  parameters: z.number().int().positive(),
  data_hash: sha256,
  checkpoint: artefact,
});

export type DataRecord = z.infer<typeof dataRecord>;
export type TrainingRecord = z.infer<typeof trainingRecord>;
export type ChoiceRecord = z.infer<typeof choiceRecord>;
export type EvaluationRecord = z.infer<typeof evaluationRecord>;
export type QuantizationRecord = z.infer<typeof quantizationRecord>;
export type ManifestRecord = z.infer<typeof manifestRecord>;
