import type { RunHandle } from '../protocol/control.ts';
import type { WorkflowMode, Architecture } from '../protocol/roles.ts';

export interface StartOptions {
  /** The folder the run belongs to: `auton.toml`, `.auton/` and the workspace are in it. Absolute. */
  folder: string;
  goal: string;
  /** Override the configuration. */
  arch?: Architecture;
  mode?: WorkflowMode;
  model?: string;
  /** Name or path of a playbook: the same as `model = "playbook/<name>"`. */
  playbook?: string;
  configFile?: string;
  env: NodeJS.ProcessEnv;
}

/** Starts a run. Rejects with a UserError before anything is written when it cannot start. */
export function startRun(_options: StartOptions): Promise<RunHandle> {
  throw new Error('being written');
}

/** Continues the newest unfinished run of the folder, or the one named. */
export function resumeRun(_options: {
  folder: string;
  run?: string;
  env: NodeJS.ProcessEnv;
}): Promise<RunHandle> {
  throw new Error('being written');
}
