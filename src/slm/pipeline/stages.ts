import { z } from 'zod';

const path = z.string().min(1);
const scalar = z.union([z.number(), z.string(), z.boolean()]);
type Scalar = z.output<typeof scalar>;
const count = z.number().int().positive();
/** A shipped configuration or a YAML file, and changes of single values: `{ 'train.steps': 100 }`. */
const configured = {
  config: path.optional(),
  set: z.record(z.string().regex(/^\w+(\.\w+)+$/), scalar).optional(),
};
const exported = { checkpoint: path, data: path, out: path };
const device = z
  .string()
  .regex(/^(cpu|cuda(:\d+)?)$/, 'There are cpu, cuda and cuda:1 and so on')
  .optional();

/** Every command of the pipeline: what it takes, and what its last event says. A path is a file or folder of this machine. */
export const STAGES = {
  /** Gathers the sources, draws the examples, trains the tokenizer. */
  prepare_data: {
    options: z.strictObject({
      ...configured,
      out: path,
      sources: path.optional(),
      fetch: z.boolean().optional(),
      /** Of a model that is to be evaluated or trained on; a new one is trained otherwise. */
      tokenizer: path.optional(),
      processes: count.optional(),
    }),
    result: z.looseObject({ examples: z.number(), hash: z.string() }),
  },
  /** Trains, or goes on where it stopped when `out` holds a checkpoint. */
  train: {
    options: z.strictObject({ ...configured, data: path, out: path, device }),
    result: z.looseObject({ step: z.number(), best: z.number() }),
  },
  /** Trains the classifiers that the model has to beat. */
  baseline: {
    options: z.strictObject({ data: path, out: path, limit: count.optional(), device }),
    result: z.looseObject({}),
  },
  /** Measures a checkpoint on everything that was held out; `out` is the file evaluation.json. */
  evaluate: {
    options: z.strictObject({
      data: path,
      checkpoint: path,
      out: path,
      baselines: path.optional(),
      size: count.optional(),
      device,
    }),
    result: z.looseObject({}),
  },
  /** Rounds a checkpoint to INT8 or INT4; `out` is a checkpoint again. */
  quantize: {
    options: z.strictObject({
      checkpoint: path,
      out: path,
      to: z.enum(['int8', 'int4']).optional(),
      method: z.enum(['rtn', 'gptq', 'awq']).optional(),
      /** The data set that gptq and awq look at. */
      data: path.optional(),
      samples: count.optional(),
    }),
    result: z.looseObject({ matrices: z.number(), mean_error: z.number(), worst_error: z.number() }),
  },
  export_gguf: {
    options: z.strictObject({ ...exported, type: z.enum(['F32', 'F16', 'Q8_0', 'Q4_0']).optional() }),
    result: z.looseObject({ file: z.string(), format: z.string(), bytes: z.number(), sha256: z.string() }),
  },
  export_onnx: {
    options: z.strictObject(exported),
    result: z.looseObject({ file: z.string(), format: z.string(), bytes: z.number(), sha256: z.string() }),
  },
  /** Makes a checkpoint of a GGUF or ONNX file that the pipeline wrote. */
  import_model: {
    options: z.strictObject({ model: path, out: path }),
    result: z.looseObject({ name: z.string(), parameters: z.number() }),
  },
  /** Says what a configuration is, checked as training checks it. */
  describe: {
    options: z.strictObject(configured),
    result: z.looseObject({
      name: z.string(),
      parameters: z.number(),
      head_dim: z.number(),
      config: z.looseObject({
        model: z.looseObject({
          vocab_size: z.number(),
          dim: z.number(),
          layers: z.number(),
          heads: z.number(),
          kv_heads: z.number(),
          ffn: z.number(),
          context: z.number(),
        }),
        train: z.looseObject({ steps: z.number(), batch: z.number(), max_seconds: z.number() }),
      }),
    }),
  },
  /** Cuts texts into tokens as training does. */
  tokenize: {
    options: z.strictObject({ data: path, text: z.array(z.string()) }),
    result: z.looseObject({
      texts: z.array(
        z.object({
          line: z.string(),
          pieces: z.array(z.string()),
          ids: z.array(z.number()),
          bytes: z.number(),
        }),
      ),
    }),
  },
  /** Makes evaluation.md and charts in the folder `out`. */
  report: {
    options: z.strictObject({ evaluation: path, log: path.optional(), out: path }),
    result: z.looseObject({ report: z.string() }),
  },
} as const;

export type StageName = keyof typeof STAGES;
export type StageOptions<Name extends StageName> = z.input<(typeof STAGES)[Name]['options']>;
export type StageResult<Name extends StageName> = z.output<(typeof STAGES)[Name]['result']>;

/** Whether a stage computes on a GPU when there is one. */
export function mayUseGpu(stage: StageName, { device }: { device?: string | undefined }): boolean {
  return 'device' in STAGES[stage].options.shape && device !== 'cpu';
}

export const STAGE_NAMES = Object.keys(STAGES) as StageName[];

/** The command line of a stage, behind the interpreter: every option is one of the same name. */
export function stageArguments(stage: StageName, options: Record<string, unknown>): string[] {
  const given = Object.entries(options).flatMap(([name, value]): string[] => {
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    if (Array.isArray(value)) return value.map((entry: Scalar) => `--${name}=${entry}`);
    if (name !== 'set') return [`--${name}=${value as string | number}`];
    return Object.entries(value as Record<string, Scalar>).map(([key, entry]) => `--set=${key}=${entry}`);
  });
  // Warnings of PyTorch's own deprecations tell a user nothing.
  return ['-W', 'ignore', '-m', 'auton_slm.cli', stage, '--json', ...given];
}
