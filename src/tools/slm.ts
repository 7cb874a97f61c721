import { z } from 'zod';
import { defineTool, type Tool } from './tool.ts';

/** What the SLM roles will work with. Declared, so that roles and plans can name them; this version has none of them. */
const STEPS: [name: string, does: string][] = [
  ['prepare_data', 'Collects, cleans and splits the training data of the small language model.'],
  ['train_model', 'Trains the small language model.'],
  ['evaluate_model', 'Measures a trained model on held-out data and on the acceptance questions.'],
  ['quantize_model', 'Quantises a trained model for the kernel.'],
  ['export_model', 'Exports a model to the files that the kernel embeds.'],
];

export const SLM_TOOLS: Tool[] = STEPS.map(([name, does]) =>
  defineTool({
    name,
    description: `${does} Not available in this version of AUTON: a call only says so.`,
    input: z.strictObject({}),
    async run() {
      return {
        ok: false,
        text:
          `${name} belongs to the SLM training pipeline, which this version of AUTON does not have. Do not try again; ` +
          'say in your summary that this step is missing. The kernel works with its rule engine.',
      };
    },
  }),
);
