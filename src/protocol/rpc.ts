import type { z } from 'zod';
import type { LiveOutput } from './control.ts';
import type { EditorModelAnswer, EditorModelRequest } from './editor-models.ts';
import type { RunEvent, RunOutcome } from './events.ts';
import type { RPC_REQUESTS } from './schema/rpc.ts';

/** Raised when a client of the old version could no longer talk to an engine of the new one. */
export const RPC_VERSION = 2;

export type RpcMethod = keyof typeof RPC_REQUESTS;
/** As a client sends them; what has a default may be left out. */
export type RpcParams<M extends RpcMethod> = z.input<(typeof RPC_REQUESTS)[M]>;

/** Who is at the other end of a connection. */
export interface ClientInfo {
  kind: 'cli' | 'editor';
  /** It answers `model/complete`. */
  languageModels: boolean;
}

export interface EngineInfo {
  version: number;
  pid: number;
  /** The folder it works for, absolute. */
  folder: string;
  /** The run at work, null when there is none. */
  run: string | null;
  /** Where that run's files are. */
  runFolder: string | null;
  /** When the engine was started, ISO 8601. */
  startedAt: string;
}

/** What became of the worktrees that no task needs. Paths are absolute. */
export interface CleanedWorktrees {
  removed: string[];
  /** Left alone, and why: commits that are nowhere else, changes that are not committed. */
  kept: { path: string; reason: string }[];
}

/** What a request is answered with; the ones not named here are answered with null. */
export interface RpcReplies {
  'engine/hello': EngineInfo;
  'run/start': { run: string };
  'run/resume': { run: string };
  'run/subscribe': { events: RunEvent[] };
  'worktrees/clean': CleanedWorktrees;
}

export interface StartedRun {
  run: string;
  runFolder: string;
}

export interface StoppedRun {
  run: string;
  outcome: RunOutcome | 'paused';
  /** Why it stopped, where not even its log could be written. */
  problem?: { message: string; remedy: string };
}

/** What an engine tells its clients unasked: the first two all of them, the others those that subscribed. */
export interface RpcNotifications {
  /** A run is at work from now on; who wants its events subscribes (again). */
  'run/started': StartedRun;
  'run/stopped': StoppedRun;
  'run/event': RunEvent;
  'run/output': LiveOutput;
}

/** What an engine asks of an editor that has language models; it may be cancelled. */
export interface EditorRequests {
  'model/complete': { params: EditorModelRequest; reply: EditorModelAnswer };
}

/** What an editor tells the engine while it answers one of those: `id` is the request's. */
export interface EditorNotifications {
  'model/delta': { id: string; text: string };
}

/** Error code of a UserError on the wire; `data` is then a `UserErrorData`. */
export const RPC_USER_ERROR = 1;
export interface UserErrorData {
  remedy: string;
  exitCode: number;
}

/** Error code of an EditorModelError on the wire; `data` is then an `EditorModelErrorData`. */
export const RPC_MODEL_ERROR = 2;
