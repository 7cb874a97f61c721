import { tryConnect, type EngineClient } from '../engine/client.ts';
import { Engine } from '../engine/engine.ts';
import { serve } from '../engine/server.ts';
import { keysOf } from '../config/secrets.ts';
import type { RunControl, RunHandle } from '../protocol/control.ts';
import { UserError } from '../protocol/errors.ts';
import { given } from '../protocol/given.ts';
import type { CleanedWorktrees, RpcParams } from '../protocol/rpc.ts';
import type { Cli } from './cli.ts';
import { driveRun } from './drive.ts';
import { RemoteRun } from './remote-run.ts';

/** What a run works in: the engine that serves the folder already, or this process. */
export interface RunHost {
  /** The engine's process when it is another one. */
  readonly elsewhere: number | null;
  start(wish: RpcParams<'run/start'>): Promise<RunHandle>;
  resume(run?: string): Promise<RunHandle>;
  /** Asks something of the run at work, or of the newest one; null when that run now goes on in another process. */
  control(ask: (run: RunControl) => Promise<void>): Promise<RunHandle | null>;
  cleanWorktrees(): Promise<CleanedWorktrees>;
  close(): Promise<void>;
}

/** Begins a run and shows it until it stops; returns the exit code. */
export async function hostRun(
  cli: Cli,
  folder: string,
  { json }: { json: boolean },
  begin: (host: RunHost) => Promise<RunHandle>,
): Promise<number> {
  const host = await openHost(cli, folder);
  try {
    return await driveRun(cli, await begin(host), { json, elsewhere: host.elsewhere });
  } finally {
    await host.close();
  }
}

export async function openHost(cli: Cli, folder: string): Promise<RunHost> {
  const client = await tryConnect(folder);
  if (client) return elsewhere(cli, client);
  const engine = new Engine({ folder, env: cli.env });
  const server = await serve(engine, cli.env);
  if (!server) {
    // Another one was faster: it answers by now.
    const winner = await tryConnect(folder);
    if (winner) return elsewhere(cli, winner);
    throw new UserError('Another engine came and went in this folder.', 'Try again.');
  }
  engine.onStopped(() => void engine.shutdown()); // this process ends with its run
  return {
    elsewhere: null,
    start: (wish) => engine.start(given(wish)),
    resume: (run) => engine.resume(given({ run })),
    control: (prepare) => engine.resume({ prepare }),
    cleanWorktrees: () => engine.cleanWorktrees(),
    close: async () => {
      await engine.shutdown();
      await server.close();
    },
  };
}

function elsewhere(cli: Cli, client: EngineClient): RunHost {
  // The keys of this terminal are not in that process's environment.
  const withKeys = async () => {
    const keys = keysOf(cli.env);
    if (Object.keys(keys).length > 0) await client.setKeys(keys);
  };
  return {
    elsewhere: client.pid,
    async start(wish) {
      await withKeys();
      return RemoteRun.begin(client, () => client.startRun(wish));
    },
    async resume(run) {
      await withKeys();
      return RemoteRun.begin(client, () => client.resumeRun(given({ run })));
    },
    async control(ask) {
      await withKeys();
      await ask(client);
      return null;
    },
    cleanWorktrees: () => client.cleanWorktrees(),
    close: async () => client.dispose(),
  };
}
