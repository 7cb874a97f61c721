import { z } from 'zod';
import { slmTool } from './define.ts';
import { checkpointName, configuration, dataName, kindOfQuantization, trainingName } from './names.ts';

export const trainModelInput = z.strictObject({ name: trainingName, data: dataName, ...configuration });

const measured = {
  data: dataName,
  size: z
    .number()
    .int()
    .min(50)
    .max(20_000)
    .default(1000)
    .describe('Sentences and devices of each generated cell.'),
};
export const evaluateModelInput = z.strictObject({
  training: trainingName,
  checkpoint: checkpointName,
  ...measured,
});

export const quantizeModelInput = z.strictObject({
  training: trainingName,
  data: dataName,
  to: kindOfQuantization,
  method: z.enum(['rtn', 'gptq', 'awq']).default('rtn'),
});

export const TRAINING_TOOLS = [
  slmTool(
    'train_model',
    'Trains a model on a data set of the run, or goes on where a training of this name stopped. Guards stop what has gone ' +
      'wrong (NaN, exploding gradients) and try again more slowly. Returns the course of the loss and what was measured on ' +
      'unseen examples; writes its record and log into SLM/training/: commit them. May take long; set train.max_seconds.',
    trainModelInput,
  ),
  slmTool(
    'evaluate_model',
    'Measures a checkpoint on everything that was held out, in f32, INT8 and INT4: perplexity, intents, actions, slots, ' +
      'devices, refusal of unknown ids. Writes SLM/evaluation.json: commit it.',
    evaluateModelInput,
  ),
  slmTool(
    'quantize_model',
    'Rounds the best checkpoint of a training to INT8 or INT4 (rtn: each value to the nearest; gptq and awq lose less and ' +
      'look at examples). Writes its record into SLM/quantization/: commit it. Says how far the weights moved.',
    quantizeModelInput,
  ),
];
