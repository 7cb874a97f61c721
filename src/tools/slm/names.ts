import { z } from 'zod';

/** What a data set, training or file of the run may be called. */
export const artefactName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,47}$/i, 'a name is letters, digits, dashes and underscores');

const SHIPPED = 'pico_200K, nano_1M, mini_3M, tiny_10M, small_50M, medium_150M, large_500M';

/** The configuration of a model, and changes of single values in it. */
export const configuration = {
  config: z
    .string()
    .min(1)
    .default('SLM/config.yaml')
    .describe(`A YAML file of your worktree, or a shipped configuration: ${SHIPPED}.`),
  set: z
    .record(
      z.string().regex(/^\w+\.\w+$/, 'such as "train.steps"'),
      z.union([z.number(), z.string(), z.boolean()]),
    )
    .default({})
    .describe('Values in place of those of the configuration, such as {"train.steps": 2000}.'),
};

export const dataName = artefactName.default('data').describe('Name of the data set in this run.');
export const trainingName = artefactName.describe('Name of the training in this run.');
export const checkpointName = z
  .enum(['best', 'int8', 'int4'])
  .default('best')
  .describe('Of the training: its best, or what quantize_model made of that.');
export const kindOfQuantization = z.enum(['int8', 'int4']);
