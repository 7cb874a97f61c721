import { dirname, join } from 'node:path';
import { z } from 'zod';
import { oneLine } from '../../protocol/printable.ts';
import { sandboxed } from '../../slm/pipeline/launch.ts';
import { sha256Of } from '../../slm/records/write.ts';
import type { Python } from '../../slm/python/environment.ts';
import type { Sandbox } from '../../tools/sandbox.ts';

const counted = z.record(z.string(), z.number());
const part = z.object({
  examples: z.number(),
  tokens: z.number(),
  labels: counted,
  in_training: z.number().optional(),
});
const judged = {
  data: z.object({
    hash: z.string(),
    vocabulary: z.number(),
    parts: z.object({ train: part, validation: part, values: part }),
    held_out_in_training: z.number(),
  }),
  architecture: z.object({
    name: z.string(),
    parameters: z.number(),
    config: z.looseObject({ model: z.record(z.string(), z.number()) }),
  }),
  checkpoint: z.object({
    step: z.number().nullable(),
    config: z.looseObject({ model: z.record(z.string(), z.number()) }),
    parameters: z.number(),
    quantisation: z.looseObject({ type: z.string().nullish() }).nullable(),
    finite: z.boolean(),
    validation: z
      .object({ loss: z.number().nullable(), label: z.number().nullable(), action: z.number().nullable() })
      .optional(),
  }),
  evaluation: z.object({
    cells: z.record(z.string(), z.unknown()),
    benchmark: z.number(),
    perplexity: z.number().nullable(),
  }),
  export: z.object({
    /** The largest between its logits and those of its checkpoint, by the weights of the file. */
    difference: z.number().nullable(),
    /** Of a GGUF file: the same by the weights that llama.cpp's own reader finds; null where it is not installed. */
    reader: z.object({ version: z.string(), difference: z.number().nullable() }).nullable(),
    /** Of a GGUF file: what the kernel's engine makes of it. `rms` and `contradicted` are parts of the logits' spread. */
    engine: z
      .object({
        places: z.number(),
        difference: z.number().nullable(),
        rms: z.number().nullable(),
        /** How far ahead the likeliest token was, at most, where the engine has another. */
        contradicted: z.number().nullable(),
        texts: z.number(),
        cut_otherwise: z.string().nullable(),
        other_keys: z.array(z.string()),
      })
      .nullable(),
  }),
};
type Kind = keyof typeof judged;

export type JudgedData = z.infer<typeof judged.data>;
export type JudgedArchitecture = z.infer<typeof judged.architecture>;
export type JudgedCheckpoint = z.infer<typeof judged.checkpoint>;
export type JudgedEvaluation = z.infer<typeof judged.evaluation>;
export type JudgedExport = z.infer<typeof judged.export>;
export type JudgedByEngine = NonNullable<JudgedExport['engine']>;

/** What the engine finds out about files itself. Paths are absolute; each rejects with a JudgeError when it cannot. */
export interface Judge {
  data(directory: string): Promise<JudgedData>;
  architecture(path: string): Promise<JudgedArchitecture>;
  checkpoint(path: string, directory: string): Promise<JudgedCheckpoint>;
  /** Of a checkpoint or a GGUF file. */
  evaluation(path: string, directory: string, size: number): Promise<JudgedEvaluation>;
  export(path: string, directory: string, file: string): Promise<JudgedExport>;
}

/** A file cannot be judged: it is missing, damaged or not what it should be. */
export class JudgeError extends Error {
  override name = 'JudgeError';
}

export interface PythonJudgeOptions {
  python: Python;
  /** The kernel's engine as a program of this machine; asked for when a file is to be loaded by it. */
  engine: () => Promise<string>;
  sandbox: Sandbox;
  /** It can write only here. */
  scratch: string;
  readable: readonly string[];
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** Reads files by the code of the pipeline, in the sandbox: what agents made is not trusted. */
export class PythonJudge implements Judge {
  readonly #options: PythonJudgeOptions;

  constructor(options: PythonJudgeOptions) {
    this.#options = options;
  }

  data = (directory: string) => this.#ask('data', { directory });
  architecture = (path: string) => this.#ask('architecture', { path });
  checkpoint = (path: string, directory: string) => this.#ask('checkpoint', { path, directory });
  evaluation = (path: string, directory: string, size: number) =>
    this.#ask('evaluation', { path, directory, size });
  async export(path: string, directory: string, file: string): Promise<JudgedExport> {
    const engine = await this.#options.engine();
    return this.#ask('export', { path, directory, file, engine }, [dirname(engine)]);
  }

  async #ask<K extends Kind>(
    kind: K,
    input: Record<string, string | number>,
    tools: readonly string[] = [],
  ): Promise<z.infer<(typeof judged)[K]>> {
    const { python, sandbox, scratch, readable, timeoutMs, signal } = this.#options;
    const launch = sandboxed(sandbox, {
      writable: [scratch],
      readable: [...readable, ...tools],
      timeoutMs,
    });
    const lines: string[] = [];
    const argv = [python.program, '-W', 'ignore', '-m', 'auton_slm.judge', kind];
    for (const [name, value] of Object.entries(input)) argv.push(`--${name}=${value}`);
    const end = await launch({
      argv,
      cwd: scratch,
      python,
      log: undefined,
      onLine: (line) => line.trim() && lines.push(line),
      signal,
    });
    const last = lines.at(-1) ?? '';
    if (end.status === 0) return judged[kind].parse(JSON.parse(last)) as z.infer<(typeof judged)[K]>;
    throw new JudgeError(problemIn(last) ?? end.ending ?? (oneLine(last) || `it ended with ${end.status}`));
  }
}

function problemIn(line: string): string | undefined {
  try {
    return z.object({ message: z.string() }).safeParse(JSON.parse(line)).data?.message;
  } catch {
    return undefined; // a traceback, or nothing
  }
}

/** Keeps evaluations of the same weights: several gates need them, and each takes its time. */
export class RememberingJudge implements Judge {
  readonly #judge: Judge;
  readonly #evaluations: Map<string, JudgedEvaluation>;

  /** `evaluations` may be shared by judges that work for the same run. */
  constructor(judge: Judge, evaluations: Map<string, JudgedEvaluation>) {
    this.#judge = judge;
    this.#evaluations = evaluations;
  }

  data = (directory: string) => this.#judge.data(directory);
  architecture = (path: string) => this.#judge.architecture(path);
  checkpoint = (path: string, directory: string) => this.#judge.checkpoint(path, directory);
  export = (path: string, directory: string, file: string) => this.#judge.export(path, directory, file);

  async evaluation(path: string, directory: string, size: number): Promise<JudgedEvaluation> {
    const statistics = await sha256Of(join(directory, 'validation.npz'));
    const key = [await sha256Of(path), statistics, size].join(' ');
    const known = this.#evaluations.get(key);
    if (known) return known;
    const found = await this.#judge.evaluation(path, directory, size);
    this.#evaluations.set(key, found);
    return found;
  }
}
