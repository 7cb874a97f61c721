import type { z } from 'zod';
import type { LiveOutput } from './control.ts';
import type { RunEvent, RunOutcome } from './events.ts';
import type { RPC_REQUESTS } from './schema/rpc.ts';

/** Raised when a client of the old version could no longer talk to an engine of the new one. */
export const RPC_VERSION = 1;

export type RpcMethod = keyof typeof RPC_REQUESTS;
export type RpcParams<M extends RpcMethod> = z.output<(typeof RPC_REQUESTS)[M]>;

/** What a request is answered with; the ones not named here are answered with null. */
export interface RpcReplies {
  'engine/hello': { version: number; pid: number; run: string; runFolder: string };
  'run/subscribe': { events: RunEvent[] };
}

/** What an engine tells its subscribers unasked. */
export interface RpcNotifications {
  'run/event': RunEvent;
  'run/output': LiveOutput;
  'run/stopped': { outcome: RunOutcome | 'paused' };
}

/** Error code of a UserError on the wire; `data` is then a `UserErrorData`. */
export const RPC_USER_ERROR = 1;
export interface UserErrorData {
  remedy: string;
  exitCode: number;
}
