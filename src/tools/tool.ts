import type { z } from 'zod';
import type { Evidence } from '../protocol/evidence.ts';
import type { Review } from '../protocol/review.ts';
import type { BuildTarget, TaskSpec } from '../protocol/task.ts';
import type { Sandbox } from './sandbox.ts';

/** What only the engine can do for a tool; each method rejects with a UserError whose message the model may read. */
export interface ToolHost {
  /** Builds the worktree as the build validator does. */
  build(target: BuildTarget): Promise<Evidence>;
  /** Builds, boots and runs the named acceptance tests (the task's own when empty). */
  test(names: string[]): Promise<Evidence>;
  /** The worktree's changes since the task's base, as a unified diff. */
  diff(): Promise<string>;
  /** Commits everything in the worktree; null when there is nothing to commit. */
  commit(message: string): Promise<string | null>;
  /** Validates and adds tasks to the graph; the text says what is wrong or what was added. */
  proposeTasks(tasks: TaskSpec[]): Promise<{ accepted: boolean; text: string }>;
  submitReview(review: Review): Promise<void>;
  /** Waits for the user's answer. */
  askUser(question: string): Promise<string>;
  /**
   * Carries out a tool of the SLM pipeline, whose work lies in src/slm; the tool itself only describes and checks its
   * input. Absent in a run that makes no model.
   */
  slm?: ((tool: string, input: unknown, context: ToolContext) => Promise<ToolResult>) | undefined;
}

export interface ToolContext {
  /** The agent's worktree: the only folder it can write. Absolute, symlinks resolved. */
  worktree: string;
  /** Folder of the specification, read by read_spec. Absolute, symlinks resolved. */
  specFolder: string;
  /** Where long outputs are kept in full, for read_file as `@output/<name>`. Absolute, symlinks resolved; made when needed. */
  outputFolder: string;
  sandbox: Sandbox;
  host: ToolHost;
  commandTimeoutMs: number;
  signal: AbortSignal;
}

export interface ToolResult {
  ok: boolean;
  text: string;
}

export interface Tool<Input = unknown> {
  name: string;
  /** For the model: what it does, when to use it, what comes back. */
  description: string;
  input: z.ZodType<Input>;
  run(input: Input, context: ToolContext): Promise<ToolResult>;
}

/** A row of the tool table. The table knows no input types: `runTool` checks the input by the tool's own schema. */
export function defineTool<Input>(tool: Tool<Input>): Tool {
  return tool;
}
