import type { Evidence } from '../protocol/evidence.ts';
import type { BuildTarget, TaskSpec } from '../protocol/task.ts';

/** Called for each piece of evidence as it comes; resolves when it is recorded. */
export type Record = (evidence: Evidence) => Promise<void>;

export interface TaskGateInput {
  spec: TaskSpec;
  /** The worktree to judge. */
  path: string;
  base: string;
  head: string;
  signal: AbortSignal;
}

export interface MergeGateInput {
  /** A checkout of the merge commit. */
  path: string;
  tree: string;
  /** Tasks merged so far and the one that is being merged, which is last. */
  specs: readonly TaskSpec[];
  signal: AbortSignal;
}

/**
 * What a change must pass. Each gate records its evidence and stops at the first that fails; the answer is whether
 * all passed. They reject only with the signal's reason or a UserError about the machine.
 */
export interface Gates {
  /** A task's change alone: its diff, its build, its own acceptance tests. */
  task(input: TaskGateInput, record: Record): Promise<boolean>;
  /** The merge commit: build, boot, the acceptance tests of everything merged so far, composition. */
  merged(input: MergeGateInput, record: Record): Promise<boolean>;
  /** The finished main line: clean build by every compiler, every acceptance test its subsystems make possible. */
  final(input: { path: string; tree: string; signal: AbortSignal }, record: Record): Promise<boolean>;
  /** For an agent's tools, in its own worktree. */
  build(input: { path: string; target: BuildTarget; signal: AbortSignal }): Promise<Evidence>;
  test(input: { path: string; names: readonly string[]; signal: AbortSignal }): Promise<Evidence>;
}
