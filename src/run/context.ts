import type { ModelClient } from '../models/client.ts';
import type { Config, ModelSize } from '../protocol/config.ts';
import type { LiveOutput } from '../protocol/control.ts';
import type { EventBody } from '../protocol/events.ts';
import type { Role } from '../protocol/roles.ts';
import type { RunState, TaskView } from '../protocol/run-state.ts';
import type { Usage } from '../protocol/usage.ts';
import type { Workspace } from '../git/workspace.ts';
import type { Sandbox } from '../tools/sandbox.ts';
import type { AgentPool } from './agent-pool.ts';
import type { Budget } from './budget.ts';
import type { Gates } from './gates.ts';
import type { KernelIntegration } from './slm/integration.ts';
import type { SlmParts } from './slm/parts.ts';
import type { Stopper } from './stop.ts';

/** A role's model as the run uses it. Costs are in USD; null means that the price is not known. */
export interface RoleModel {
  client: ModelClient;
  model: string;
  priceOf(usage: Usage): number | null;
  worstCost(inputTokens: number, maxTokens: number): number | null;
}

/** What a run is made of; each part of the engine takes what it needs from here. */
export interface RunParts {
  config: Config;
  /** The run's folder, absolute. */
  folder: string;
  specFolder: string;
  workspace: Workspace;
  sandbox: Sandbox;
  gates: Gates;
  /** Null in a run that makes no model. */
  slm: SlmParts | null;
  /** Null in a run that does not make both a kernel and a model. */
  integration: KernelIntegration | null;
  /** How many trainings a run that makes a model tries. */
  trainings: number;
  /** Of the model that it makes. */
  modelSize: ModelSize;
  /** Names of all acceptance tests of the run's architecture, for the manager. */
  acceptanceNames: readonly string[];
  modelFor(role: Role): RoleModel;
  /** Removes secrets from what is written or shown. */
  redact(text: string): string;
}

/** The parts, and what changes while a run works. */
export interface RunContext extends RunParts {
  readonly state: RunState;
  readonly pool: AgentPool;
  readonly budget: Budget;
  /** Of the present period of work. */
  readonly stopper: Stopper;
  /** Resolves when the event is durable and in the state. */
  emit(body: EventBody): Promise<void>;
  output(output: LiveOutput): void;
  /** Stops this period softly; the run waits for the user. */
  pause(reason: 'user' | 'budget' | 'workspace' | 'model', message: string): Promise<void>;
}

export function taskView(context: RunContext, id: string): TaskView {
  const task = context.state.tasks.get(id);
  if (!task) throw new Error(`there is no task ${id}`);
  return task;
}
