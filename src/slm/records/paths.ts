/** Where each record lies in the workspace. */
export const RECORDS = {
  config: 'SLM/config.yaml',
  data: 'SLM/data.json',
  training: (name: string) => `SLM/training/${name}.json`,
  /** The log of a training, thinned: one event a line. */
  log: (name: string) => `SLM/training/${name}.jsonl`,
  choice: 'SLM/training/choice.json',
  evaluation: 'SLM/evaluation.json',
  quantization: (kind: string) => `SLM/quantization/${kind}.json`,
  /** Of an exported file of `SLM/models/`. */
  manifest: (file: string) => `SLM/models/${file}.json`,
  models: 'SLM/models',
  /** The model card, with which the finished model is accepted. */
  card: 'SLM/README.md',
} as const;
