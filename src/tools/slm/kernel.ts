import { z } from 'zod';
import { slmTool } from './define.ts';

const modelFile = z
  .string()
  .min(1)
  .describe('A GGUF file of your worktree, such as "SLM/models/mini_3M-Q8_0.gguf".');
const prompts = z
  .array(z.string().min(1).max(500))
  .max(50)
  .default([])
  .describe('What to ask. Default: the prompts of the specification.');

export const integrateSlmModelInput = z.strictObject({
  model: modelFile,
  fallbacks: z
    .array(z.string().min(1))
    .max(5)
    .default([])
    .describe(
      'GGUF files to try in this order when it does not pass: another quantisation, then a smaller model.',
    ),
});
export const testKernelBootInput = z.strictObject({
  neural: z.boolean().default(true).describe('Whether the kernel may use its model.'),
});
export const testSlmInferenceInput = z.strictObject({ prompts });

export const SLM_KERNEL_TOOLS = [
  slmTool(
    'integrate_slm_model',
    'Makes a model part of the kernel of your worktree: checks file and manifest, embeds it, builds, checks symbols and ' +
      'size, boots, asks the prompts of the specification and runs the acceptance tests. Falls back along the ladder, in the ' +
      'end to the rules, and says why. Writes integration_test_report.json; what did not pass leaves the tree as it was.',
    integrateSlmModelInput,
  ),
  slmTool(
    'test_kernel_boot',
    'Builds and boots the kernel of your worktree to its prompt; returns how long it took, which backend answers, and the ' +
      'boot log.',
    testKernelBootInput,
  ),
  slmTool(
    'test_slm_inference',
    'Builds and boots the kernel of your worktree and asks its SLM; returns the answers with the time each took, and ' +
      'whether they are sensible.',
    testSlmInferenceInput,
  ),
];
