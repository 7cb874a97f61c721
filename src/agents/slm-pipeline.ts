import type { ModelSize } from '../protocol/config.ts';
import type { TaskSpec } from '../protocol/task.ts';
import { RECORDS } from '../slm/records/paths.ts';

/** What of a run's configuration the pipeline's tasks speak of. */
export interface PipelineSettings {
  /** Trainings that are tried at once; the best of them goes on. */
  trainings: number;
  /** Of the model that is asked for: `nano_1M`. */
  size: ModelSize;
  quantization: 'int8' | 'int4' | 'fp16';
  /** What the user has set for every training, in place of the configuration's values. */
  training: Readonly<Record<string, number>>;
}

/** How the trainings differ, as parts of the configuration's own values. */
const VARIATIONS = [
  'the configuration as it is',
  'a third of its learning rate',
  'twice its batch and half its steps',
  'word dropout of 0.05 and label smoothing of 0.02',
];

/** The task that puts the exported model into the kernel of the same run. */
export const INTEGRATION = 'slm-integration';

const step = (
  id: string,
  role: TaskSpec['role'],
  title: string,
  [scope, dependsOn, description]: [scope: string[], dependsOn: string[], description: string],
): TaskSpec => ({
  ...{ id, role, title, description, dependsOn, scope },
  subsystem: 'slm_model',
  acceptance: [],
  build: 'compile',
});

/** The seven tasks that make a model, from data to files that a kernel can embed; training is tried several times. */
export function slmPipeline({ trainings, size, quantization, training }: PipelineSettings): TaskSpec[] {
  const set = Object.entries(training).map(([key, value]) => `${key} ${value}`);
  const asked =
    set.length > 0
      ? ` The user has set ${set.join(', ')}: in place of what SLM/config.yaml says, and no training takes more steps.`
      : '';
  const candidates = Array.from({ length: trainings }, (_, index) => index + 1);
  return [
    step('slm-data', 'data_scientist', 'Prepare the data', [
      ['SLM/data.json'],
      [],
      `Collect, clean, deduplicate and split the training data of a ${size}, as the data set "data".`,
    ]),
    step('slm-architecture', 'model_architect', 'Choose the model', [
      ['SLM/config.yaml'],
      [],
      `Write SLM/config.yaml: dimensions, layers, vocabulary and training of a ${size}. Its name says its size. The data set is made with the shipped configuration of that name: keep its vocabulary.`,
    ]),
    ...candidates.map((number) =>
      step(trainingTask(number), 'training', `Train, candidate ${number} of ${trainings}`, [
        [`SLM/training/${trainingName(number)}.json`, `SLM/training/${trainingName(number)}.jsonl`],
        ['slm-data', 'slm-architecture'],
        `Train SLM/config.yaml on the data set "data" under the name ${trainingName(number)}. Others try other settings; yours: ${VARIATIONS[(number - 1) % VARIATIONS.length]}. Abort on NaN or exploding gradients.${asked}`,
      ]),
    ),
    step('slm-training', 'training', 'Choose the best training', [
      ['SLM/training/choice.json'],
      candidates.map(trainingTask),
      'Compare the records in SLM/training/ and write SLM/training/choice.json: {"name": "...", "reason": "..."}. The lowest loss on unseen templates wins.',
    ]),
    step('slm-evaluation', 'evaluation', 'Evaluate', [
      ['SLM/evaluation.json'],
      ['slm-training'],
      'Measure the chosen training: perplexity, and the operating-system benchmark on sentences that nobody trained on.',
    ]),
    step('slm-quantization', 'quantization', 'Quantise', [
      ['SLM/quantization/*.json'],
      ['slm-evaluation'],
      `INT8 and INT4, each with less than 2 % loss of accuracy; leave out what loses more. Needed: ${quantization}.`,
    ]),
    step('slm-export', 'export', 'Export', [
      ['SLM/models/*'],
      ['slm-quantization'],
      'GGUF of every quantisation and ONNX of the chosen checkpoint, each with its manifest; logits within 1e-2.',
    ]),
    step('slm-acceptance', 'evaluation', 'Accept the exported model', [
      [RECORDS.card],
      ['slm-export'],
      'Write SLM/README.md, the model card: every exported file by its name, what it is for, what was measured, where it fails, what data it was trained on and under which licences.',
    ]),
  ];
}

const trainingTask = (number: number) => `slm-training-${number}`;
const trainingName = (number: number) => `candidate-${number}`;

/** Puts the model into the kernel that the other tasks build; it waits for all of them. */
export function integrationTask(dependsOn: readonly string[]): TaskSpec {
  return {
    ...step(INTEGRATION, 'export', 'Embed the model in the kernel', [
      ['slm/models/*', 'integration_test_report.json'],
      [...dependsOn],
      'Make the exported model part of the kernel with integrate_slm_model. The kernel must boot with slm=neural and answer from the model.',
    ]),
    acceptance: ['slm_neural_init'],
    build: 'kernel',
  };
}

export type PipelineStep =
  | { step: 'data' | 'architecture' | 'choice' | 'evaluation' | 'quantization' | 'export' | 'acceptance' }
  | { step: 'training'; name: string };

/** Which step of the pipeline a task is; null for any other task. */
export function pipelineStep({ id }: Pick<TaskSpec, 'id'>): PipelineStep | null {
  const training = /^slm-training-(\d+)$/.exec(id);
  if (training) return { step: 'training', name: trainingName(Number(training[1])) };
  const steps = {
    'slm-data': 'data',
    'slm-architecture': 'architecture',
    'slm-training': 'choice',
    'slm-evaluation': 'evaluation',
    'slm-quantization': 'quantization',
    'slm-export': 'export',
    'slm-acceptance': 'acceptance',
  } as const;
  return Object.hasOwn(steps, id) ? { step: steps[id as keyof typeof steps] } : null;
}
