import { INTEGRATION, pipelineStep, type PipelineStep } from '../../agents/slm-pipeline.ts';
import type { Workspace } from '../../git/workspace.ts';
import type { Config } from '../../protocol/config.ts';
import { isSlmRole } from '../../protocol/roles.ts';
import type { TaskSpec } from '../../protocol/task.ts';
import type { Sandbox } from '../../tools/sandbox.ts';
import { hostProgram } from '../../slm/host/host-program.ts';
import { validateDiff } from '../../validation/diff.ts';
import { PythonJudge, RememberingJudge, type JudgedEvaluation } from '../../validation/slm/judge.ts';
import { validateModel, type ModelStage } from '../../validation/slm/validate.ts';
import type { MergeGateInput, Record, TaskGateInput } from '../gates.ts';
import type { SlmParts } from './parts.ts';

export interface ModelGateOptions {
  config: Config;
  slm: SlmParts;
  workspace: Workspace;
  sandbox: Sandbox;
  /** The run's folder. */
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** What may be exported: git keeps it for ever, so a model of more than 60 MB stays in the run's folder. */
export const MAX_MODEL_BYTES = 60 * 2 ** 20;

/** The gates of a model in the making. Measuring waits its turn among the stages of agents. */
export class ModelGates {
  readonly #options: ModelGateOptions;
  readonly #evaluations = new Map<string, JudgedEvaluation>();
  #engine: Promise<string> | undefined;

  constructor(options: ModelGateOptions) {
    this.#options = options;
  }

  async task({ spec, path, base, head, signal }: TaskGateInput, record: Record): Promise<boolean> {
    const { workspace } = this.#options;
    const tree = await workspace.treeOf(head);
    const diff = validateDiff(await workspace.changes(base, head), {
      scope: spec.scope,
      binary: { files: ['SLM/models/*.gguf', 'SLM/models/*.onnx'], maxBytes: MAX_MODEL_BYTES },
      tree,
    });
    await record(diff);
    if (!diff.passed) return false;
    return this.#judge(this.#stages(pipelineStep(spec)), { path, tree, signal }, record);
  }

  /** What passed alone must fit what others merged meanwhile. */
  merged({ path, tree, specs, signal }: MergeGateInput, record: Record): Promise<boolean> {
    const step = pipelineStep(specs.at(-1)!)?.step;
    const shapes = step === 'data' || step === 'architecture';
    const both = ['slm-data', 'slm-architecture'].every((id) => specs.some((spec) => spec.id === id));
    const stages: ModelStage[] = shapes && both ? [{ kind: 'architecture' }] : [];
    return this.#judge([...stages, { kind: 'hashes' }], { path, tree, signal }, record);
  }

  /** Whether the model in a kernel is one that was exported here. */
  embedded(input: { path: string; tree: string; signal: AbortSignal }, record: Record): Promise<boolean> {
    return this.#judge([{ kind: 'hashes' }], input, record);
  }

  /** The finished model: every file is what the records say, and loads and computes as its checkpoint does. */
  final(judged: { path: string; tree: string; signal: AbortSignal }, record: Record): Promise<boolean> {
    const kinds = ['hashes', 'architecture', 'choice', 'export'] as const;
    return this.#judge(
      kinds.map((kind) => ({ kind })),
      judged,
      record,
    );
  }

  #stages(step: PipelineStep | null): ModelStage[] {
    const { quantization } = this.#options.config.slm;
    if (step === null) return [{ kind: 'hashes' }];
    if (step.step === 'training') return [{ kind: 'training', name: step.name }];
    if (step.step === 'quantization')
      return [{ kind: 'quantization', required: quantization === 'fp16' ? null : quantization }];
    return [{ kind: step.step }];
  }

  async #judge(
    stages: readonly ModelStage[],
    { path, tree, signal }: { path: string; tree: string; signal: AbortSignal },
    record: Record,
  ): Promise<boolean> {
    const { slm, sandbox, folder, config } = this.#options;
    const { max_perplexity: maxPerplexity, min_benchmark: minBenchmark } = config.slm.evaluation;
    const evidence = await slm.stages.add(
      () =>
        validateModel(
          stages,
          (scratch) => ({
            path,
            folder: slm.folder,
            goals: {
              ...(maxPerplexity === undefined ? {} : { maxPerplexity }),
              ...(minBenchmark === undefined ? {} : { minBenchmark }),
            },
            judge: new RememberingJudge(
              new PythonJudge({
                ...{ sandbox, scratch, signal, python: slm.python, timeoutMs: slm.stageTimeoutMs },
                engine: () => this.#hostEngine(),
                readable: [slm.folder, path],
              }),
              this.#evaluations,
            ),
          }),
          { runFolder: folder, tree, signal },
        ),
      { signal, priority: 1 },
    );
    await record(evidence);
    return evidence.passed;
  }

  /** Built once for all that are to be judged; again when it did not build, for the user may have mended that. */
  #hostEngine(): Promise<string> {
    this.#engine ??= hostProgram(this.#options.env).catch((error: unknown) => {
      this.#engine = undefined;
      throw error;
    });
    return this.#engine;
  }
}

/** Whether a task makes a model rather than a kernel. */
export function makesModel({ id, role }: Pick<TaskSpec, 'id' | 'role'>): boolean {
  return isSlmRole(role) && id !== INTEGRATION;
}
