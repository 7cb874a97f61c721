import { loadConfig } from '../config/load.ts';
import { redactConfig } from '../config/secrets.ts';
import type { EditorModels } from '../models/editor.ts';
import type { Config } from '../protocol/config.ts';
import type { RunControl, RunHandle } from '../protocol/control.ts';
import { EXIT, UserError } from '../protocol/errors.ts';
import { EVENT_LOG_VERSION, type EventBody } from '../protocol/events.ts';
import type { Architecture, WorkflowMode } from '../protocol/roles.ts';
import { foldEvents } from '../protocol/fold.ts';
import { agentsOf, labelOf } from './agents.ts';
import { assemble, type Assembly } from './assembly.ts';
import { EventLog, readEventLog } from './event-log.ts';
import { Run } from './run.ts';
import { eventLogFile, findRun, hasEnded, newRunId } from './runs.ts';
import { modelSettings, resumedConfig, withOverrides } from './settings.ts';

export interface StartOptions {
  /** The folder the run belongs to: `auton.toml`, `.auton/` and the workspace are in it. Absolute. */
  folder: string;
  goal: string;
  /** These override the configuration. */
  arch?: Architecture;
  mode?: WorkflowMode;
  model?: string;
  /** Name or path of a playbook: the same as `model = "playbook/<name>"`. */
  playbook?: string;
  maxCostUsd?: number;
  configFile?: string;
  env: NodeJS.ProcessEnv;
  /** For the provider `vscode`. */
  editorModels?: EditorModels;
}

export interface ResumeOptions {
  folder: string;
  /** The newest run when absent. */
  run?: string;
  env: NodeJS.ProcessEnv;
  editorModels?: EditorModels;
  /** What to ask of the run before it works again: a retry, a new budget. */
  prepare?: (control: RunControl) => Promise<void>;
}

/** Starts a run. Rejects with a UserError before anything is written when it cannot start. */
export async function startRun(options: StartOptions): Promise<RunHandle> {
  const { folder, env, goal, editorModels } = options;
  if (goal.trim() === '') {
    throw new UserError('The goal is empty.', 'Say what to build: `auton run "<goal>"`.', {
      exitCode: EXIT.usage,
    });
  }
  const loaded = loadConfig({ folder, env, file: options.configFile });
  const config = withOverrides(loaded.config, options);
  const run = newRunId();
  const { secrets } = loaded;
  const assembly = await assemble({ folder, run, goal, config, secrets, env, editorModels });
  try {
    await writeFirstEvents(
      eventLogFile(folder, run),
      await firstEvents(assembly, { run, goal, config, file: loaded.config }),
    );
  } catch (error) {
    await assembly.release();
    throw error;
  }
  return launch(assembly, folder, run);
}

/** Continues a run where its log ends. */
export async function resumeRun(options: ResumeOptions): Promise<RunHandle> {
  const { folder, env, editorModels } = options;
  const run = findRun(folder, options.run);
  const state = foldEvents(readEventLog(eventLogFile(folder, run)));
  if (hasEnded(state)) {
    throw new UserError(
      `Run ${run} is ${state.status}.`,
      'See `auton report`, or start another with `auton run "<goal>"`.',
    );
  }
  const loaded = loadConfig({ folder, env });
  const { config, corrected } = resumedConfig(state, loaded.config);
  const resumed = { targetBranch: state.targetBranch };
  const assembly = await assemble({
    folder,
    run,
    goal: state.goal,
    config,
    secrets: loaded.secrets,
    env,
    editorModels,
    resumed,
  });
  const event: EventBody = {
    type: 'run.resumed',
    pid: process.pid,
    ...(corrected ? { corrected: correctionOf(assembly, config) } : {}),
  };
  return launch(assembly, folder, run, [event], options.prepare);
}

function correctionOf({ models }: Assembly, config: Config) {
  const agents = agentsOf(config, models).map(({ id, model }) => [id, model] as const);
  return {
    settings: redactConfig(config),
    modelLabel: labelOf(config, models),
    models: Object.fromEntries(agents),
  };
}

async function launch(
  assembly: Assembly,
  folder: string,
  run: string,
  events: EventBody[] = [],
  prepare?: (control: RunControl) => Promise<void>,
): Promise<RunHandle> {
  const log = eventLogFile(folder, run);
  try {
    const past = readEventLog(log, { repair: true });
    const handle = new Run({ ...assembly, state: foldEvents(past), log });
    if (events.length === 0) for (const event of past) assembly.runLog.event(event); // those of a new run
    assembly.connect(handle);
    // Asked first: what makes no sense must not leave a run behind that seems to be at work.
    await prepare?.(handle);
    if (!hasEnded(handle.state)) for (const event of events) await handle.emit(event);
    if (handle.state.status === 'running') handle.start();
    return handle;
  } catch (error) {
    await assembly.release();
    throw error;
  }
}

async function firstEvents(
  { parts, models, notices }: Assembly,
  { run, goal, config, file }: { run: string; goal: string; config: Config; file: Config },
): Promise<EventBody[]> {
  const { workspace, sandbox } = parts;
  const overridden = JSON.stringify(modelSettings(file)) !== JSON.stringify(modelSettings(config));
  return [
    {
      type: 'run.started',
      run,
      version: EVENT_LOG_VERSION,
      goal,
      mode: config.workflow.mode,
      arch: config.kernel.arch,
      modelLabel: labelOf(config, models),
      sandbox: sandbox.mode,
      workspace: workspace.root,
      targetBranch: workspace.targetBranch,
      base: await workspace.head(),
      maxCostUsd: config.llm.cost.max_cost_usd,
      settings: redactConfig(config),
      agents: agentsOf(config, models),
      ...(overridden ? { configuredModels: modelSettings(file) } : {}),
    },
    ...notices.map((text): EventBody => ({ type: 'notice', level: 'warning', text })),
  ];
}

async function writeFirstEvents(file: string, events: EventBody[]): Promise<void> {
  const log = new EventLog(file, 0, () => undefined);
  await Promise.all(events.map((event) => log.append(event)));
  await log.close();
}
