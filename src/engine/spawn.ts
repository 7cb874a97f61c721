import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, UserError } from '../protocol/errors.ts';
import { openSocket, tryConnect, type ConnectOptions, type EngineClient } from './client.ts';
import { makeStateFolder } from '../run/state-folder.ts';
import { readEndpoint } from './endpoint.ts';

/** How to run AUTON's own program. */
export interface EngineProgram {
  /** Node, or an editor's own executable. */
  node: string;
  /** The bundle with the command line and the engine. */
  script: string;
  env: NodeJS.ProcessEnv;
  /** How long the engine stays without a client and without a run. */
  idleSeconds?: number;
}

const START_MS = 30_000;
const STOP_MS = 60_000;
const POLL_MS = 25;
/** A log that has grown beyond this is put aside when the next engine starts; one is kept. */
const LOG_BYTES = 1_000_000;
const LAST_WORDS_BYTES = 2_000;

/** The engine of a folder, started when there is none. Of several that ask at the same moment all get the same one. */
export async function ensureEngine(
  folder: string,
  options: EngineProgram & ConnectOptions,
): Promise<EngineClient> {
  return (await tryConnect(folder, options)) ?? spawnEngine(folder, options);
}

/**
 * Starts an engine that outlives this process, in a group of its own, and connects to it once it answers. A UserError
 * tells its last words when it does not. An engine that another process started meanwhile is as good.
 */
export async function spawnEngine(
  folder: string,
  options: EngineProgram & ConnectOptions,
): Promise<EngineClient> {
  if (!existsSync(folder))
    throw new UserError(`There is no folder ${folder}.`, 'Open one that exists, then try again.');
  const log = openLog(folder);
  const start = fstatSync(log).size;
  const { node, script, env, idleSeconds } = options;
  const idle = idleSeconds === undefined ? [] : ['--idle-seconds', String(idleSeconds)];
  let child: ChildProcess;
  try {
    child = spawn(node, [script, 'engine', '--folder', folder, ...idle], {
      cwd: folder,
      detached: true,
      // An editor's executable is Electron, which is told to behave as Node.
      env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
  } finally {
    closeSync(log);
  }
  let failure: string | null = null;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => {
    // 0: another engine was faster, and answers soon.
    if (code !== 0) failure ??= `it ended with ${signal ?? `exit code ${code}`}`;
  });
  child.unref();
  for (const deadline = performance.now() + START_MS; ;) {
    const client = await tryConnect(folder, options);
    if (client) return client;
    if (failure !== null) throw didNotStart(folder, failure, start);
    if (performance.now() > deadline) throw didNotStart(folder, 'it does not answer', start);
    await sleep(POLL_MS);
  }
}

/** Ends the engine of a folder, of whatever version it is; a run is paused by that. False when there is none. */
export async function stopEngine(folder: string): Promise<boolean> {
  const endpoint = readEndpoint(folder);
  const socket = endpoint && (await openSocket(endpoint.socket));
  if (!endpoint || !socket) return false;
  // It holds the connection until it ends, however long the answers that are waited for take.
  const ended = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  socket.resume();
  process.kill(endpoint.pid, 'SIGTERM');
  const inTime = await Promise.race([ended, sleep(STOP_MS, false, { ref: false })]);
  socket.destroy();
  if (inTime) return true;
  throw new UserError(
    `The engine (process ${endpoint.pid}) still waits for answers of models.`,
    `It ends when they are there. To end it at once: kill -9 ${endpoint.pid}; then \`auton resume\` continues.`,
  );
}

export function engineLogFile(folder: string): string {
  return join(folder, '.auton', 'logs', 'engine.log');
}

function openLog(folder: string): number {
  const file = engineLogFile(folder);
  makeStateFolder(folder);
  mkdirSync(join(file, '..'), { recursive: true });
  try {
    if (statSync(file).size > LOG_BYTES) renameSync(file, file.replace(/\.log$/, '.1.log'));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return openSync(file, 'a', 0o600);
}

function didNotStart(folder: string, why: string, start: number): UserError {
  const words = lastWords(engineLogFile(folder), start);
  return new UserError(
    `The engine did not start: ${why}.${words === '' ? '' : `\n${words}`}`,
    `See ${engineLogFile(folder)}.`,
  );
}

/** What it wrote since `start`, or the end of that. */
function lastWords(file: string, start: number): string {
  const log = openSync(file, 'r');
  try {
    const { size } = fstatSync(log);
    const from = Math.max(start, size - LAST_WORDS_BYTES);
    const words = Buffer.alloc(Math.max(0, size - from));
    readSync(log, words, 0, words.length, from);
    return words.toString('utf8').trim();
  } finally {
    closeSync(log);
  }
}
