import { UserError } from '../protocol/errors.ts';
import { given } from '../protocol/given.ts';
import { RPC_VERSION, type EngineInfo, type RpcMethod, type RpcReplies } from '../protocol/rpc.ts';
import type { RPC_REQUESTS } from '../protocol/schema/rpc.ts';
import type { z } from 'zod';
import type { Engine } from './engine.ts';

type Parsed<M extends RpcMethod> = z.output<(typeof RPC_REQUESTS)[M]>;
type Reply<M extends RpcMethod> = M extends keyof RpcReplies ? RpcReplies[M] : void;
export type Handlers = { [M in RpcMethod]: (params: Parsed<M>) => Reply<M> | Promise<Reply<M>> };
/** What depends on the connection that asks. */
type OwnHandlers = 'engine/hello' | 'run/subscribe';

/** What the engine does for each request. What needs a run takes the newest one up again when none is at work. */
export function engineHandlers(engine: Engine): Omit<Handlers, OwnHandlers> {
  return {
    'engine/shutdown': () => engine.shutdown(),
    'keys/set': ({ keys }) => engine.setKeys(keys),
    'run/start': async (options) => runOf(await engine.start(given(options))),
    'run/resume': async (options) => runOf(await engine.resume(given(options))),
    'run/pause': async ({ run }) => (await engine.requireRun(run)).pause(),
    'run/continue': ({ run }) => engine.continue(run),
    'run/cancel': ({ run }) => engine.control(run, (handle) => handle.cancel()),
    'run/setBudget': ({ run, maxCostUsd }) => engine.control(run, (handle) => handle.setBudget(maxCostUsd)),
    'task/retry': ({ run, task }) => engine.control(run, (handle) => handle.retryTask(task)),
    'task/skip': ({ run, task }) => engine.control(run, (handle) => handle.skipTask(task)),
    'task/cancel': ({ run, task }) => engine.control(run, (handle) => handle.cancelTask(task)),
    'task/review': ({ run, task, ...review }) =>
      engine.control(run, (handle) => handle.reviewTask(task, review)),
    'message/send': ({ run, to, text }) => engine.control(run, (handle) => handle.sendMessage(to, text)),
    'question/answer': ({ run, id, answer }) =>
      engine.control(run, (handle) => handle.answerQuestion(id, answer)),
    'worktrees/clean': () => engine.cleanWorktrees(),
  };
}

/** The answer to the first request; a client of another version is told which side is to be brought up to date. */
export function hello(engine: Engine, version: number): EngineInfo {
  if (version !== RPC_VERSION) {
    const [older, remedy] =
      version < RPC_VERSION
        ? [
            'the client is the older one',
            'Bring the client up to date: the `auton` on your PATH or the extension.',
          ]
        : [
            'the engine is the older one',
            'Restart the engine: `auton engine --stop` pauses its run and ends it; continue with `auton resume`.',
          ];
    throw new UserError(
      `The engine of this folder (process ${process.pid}) speaks version ${RPC_VERSION} of its protocol and this ` +
        `client version ${version}: ${older}.`,
      remedy,
    );
  }
  const { handle, folder, startedAt } = engine;
  return {
    version: RPC_VERSION,
    pid: process.pid,
    folder,
    run: handle?.state.run ?? null,
    runFolder: handle?.folder ?? null,
    startedAt,
  };
}

function runOf({ state }: { state: { run: string } }): { run: string } {
  return { run: state.run };
}
