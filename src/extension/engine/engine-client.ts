import { tryConnect as connect, type EngineClient as RunClient } from '../../engine/client.ts';
import { UserError } from '../../protocol/errors.ts';
import type { RunOutcome } from '../../protocol/events.ts';
import type { Architecture, WorkflowMode } from '../../protocol/roles.ts';
import type { NodeProgram } from '../common/node.ts';

/** Interim: what the engine's own client will offer; replaced by src/engine/client.ts when that has it. */
export interface EngineClient extends Omit<RunClient, 'run' | 'runFolder' | 'stopped'> {
  readonly run: string | null;
  readonly closed: Promise<void>;
  startRun(options: {
    goal: string;
    arch?: Architecture;
    mode?: WorkflowMode;
    model?: string;
    playbook?: string;
    maxCostUsd?: number;
  }): Promise<{ run: string }>;
  resumeRun(options: { run?: string }): Promise<{ run: string }>;
  setKeys(keys: Record<string, string>): Promise<void>;
  shutdown(): Promise<void>;
  cleanWorktrees(): Promise<{ removed: string[]; kept: { path: string; reason: string }[] }>;
  reviewTask(review: {
    task: string;
    verdict: 'approve' | 'request_changes';
    summary: string;
    comments: { file: string; line: number; message: string }[];
  }): Promise<void>;
  onRunStarted(listener: (started: { run: string; runFolder: string }) => void): void;
  onRunStopped(listener: (stopped: { outcome: RunOutcome | 'paused' }) => void): void;
}

export interface Hello {
  client: { kind: 'editor'; languageModels: boolean };
}

export function tryConnect(folder: string, _hello: Hello): Promise<EngineClient | null> {
  return connect(folder) as unknown as Promise<EngineClient | null>;
}

export async function ensureEngine(folder: string, options: NodeProgram & Hello): Promise<EngineClient> {
  const client = await tryConnect(folder, options);
  if (client) return client;
  throw new UserError('The engine cannot be started yet.', 'Start the run in a terminal.');
}
