import type { TaskSpec } from '../protocol/task.ts';

const step = (
  id: string,
  role: TaskSpec['role'],
  title: string,
  description: string,
  dependsOn: string[],
): TaskSpec => ({
  id,
  role,
  title,
  description,
  dependsOn,
  subsystem: 'slm_model',
  scope: ['SLM/**'],
  acceptance: [],
  build: 'compile',
});

/** The seven tasks that make a model, from data to files the kernel can embed. */
export const SLM_PIPELINE: readonly TaskSpec[] = [
  step(
    'slm-data',
    'data_scientist',
    'Prepare the data',
    'Collect, clean, deduplicate and split the training data.',
    [],
  ),
  step(
    'slm-architecture',
    'model_architect',
    'Choose the model',
    'Fix dimensions, layers and vocabulary for the tier.',
    [],
  ),
  step('slm-training', 'training', 'Train', 'Train to convergence; abort on NaN or exploding gradients.', [
    'slm-data',
    'slm-architecture',
  ]),
  step('slm-evaluation', 'evaluation', 'Evaluate', 'Measure perplexity and the operating-system benchmark.', [
    'slm-training',
  ]),
  step('slm-quantization', 'quantization', 'Quantise', 'INT8 and INT4 with less than 2 % loss of accuracy.', [
    'slm-evaluation',
  ]),
  step('slm-export', 'export', 'Export', 'GGUF v3 and ONNX with manifest and sha256, logits within 1e-2.', [
    'slm-quantization',
  ]),
  step(
    'slm-acceptance',
    'evaluation',
    'Accept the exported model',
    'Evaluate the exported files as the kernel will use them.',
    ['slm-export'],
  ),
];
