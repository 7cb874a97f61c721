import { readEndpoint } from './endpoint.ts';
import { Engine } from './engine.ts';
import { serve } from './server.ts';

export interface EngineProcessOptions {
  folder: string;
  /** How long it stays without a client and without a run. */
  idleMs: number;
  process: NodeJS.Process;
}

/** How often the engine looks whether its folder is still there. */
const LOOK_MS = 5_000;

/**
 * An engine as a process of its own: it serves a folder until nobody needs it, somebody ends it, or its folder is
 * gone. Resolves when it has ended; also when another one serves the folder already.
 */
export async function runEngine({ folder, idleMs, process }: EngineProcessOptions): Promise<void> {
  const log = (text: string) =>
    void process.stderr.write(`${new Date().toISOString()} ${process.pid} ${text}\n`);
  const { env } = process;
  // What is started from here is not the editor's executable.
  delete env['ELECTRON_RUN_AS_NODE'];
  const engine = new Engine({ folder, env, log });
  const server = await serve(engine, env);
  if (!server) return log('another engine serves this folder');
  log(`serves ${folder}`);

  let idle: NodeJS.Timeout | undefined;
  const look = () => {
    clearTimeout(idle);
    if (server.clients === 0 && !engine.busy) idle = setTimeout(() => void engine.shutdown(), idleMs);
  };
  server.onClients(look);
  engine.onStarted(look);
  engine.onIdle(look);
  look();
  // Nobody finds an engine whose folder was deleted, or which another one has replaced.
  const announced = setInterval(() => {
    if (readEndpoint(folder)?.pid !== process.pid) void engine.shutdown();
  }, LOOK_MS);

  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    log(`${signal}: the run is paused, then the engine ends`);
    signals += 1;
    if (signals > 1) process.exit(1);
    void engine.shutdown();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  await engine.ended;
  clearInterval(announced);
  await server.close();
  clearTimeout(idle);
  log('has ended');
}
