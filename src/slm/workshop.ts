import type { Architecture } from '../protocol/roles.ts';
import type { Sandbox } from '../tools/sandbox.ts';
import type { ToolContext } from '../tools/tool.ts';
import type { IntegrationHost } from './integrate/host.ts';
import type { StageEvent } from './pipeline/events.ts';
import type { StageName } from './pipeline/stages.ts';
import type { Python } from './python/environment.ts';

/** What the agents of a run make a model with, and where. */
export interface Workshop {
  python: Python;
  sandbox: Sandbox;
  /** Data sets, checkpoints and what else is large; records name files by their path below it. Absolute; it exists. */
  folder: string;
  /** What the user asks of every training, as values of a configuration: `{ 'train.steps': 1000 }`. */
  training: Readonly<Record<string, number>>;
  /** What trainings and evaluations compute on: cpu, cuda, cuda:1, or "auto", which is a GPU when there is one. */
  device: string;
  /** The longest time that one stage may take. */
  stageTimeoutMs: number;
  /** Waits until the machine has room for another stage, runs it, and lets the next one in. */
  turn<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  /** Shows how far a stage of an agent's is; `out` is where it writes. */
  progress(stage: StageName, event: StageEvent, options?: { out?: string | undefined }): void;
  /** Builds and boots the kernel of an agent's worktree; absent in a run that has none. */
  kernel?(context: ToolContext, say: (line: string) => void): Promise<KernelBench>;
}

export interface KernelBench {
  architecture: Architecture;
  host: IntegrationHost;
}
