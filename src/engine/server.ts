import { chmodSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, hasCode, UserError } from '../protocol/errors.ts';
import { tryLock } from '../run/lock.ts';
import { openSocket } from './client.ts';
import { readEndpoint, removeEndpoint, socketPath, writeEndpoint } from './endpoint.ts';
import type { Engine } from './engine.ts';
import { EngineSession } from './server-session.ts';

/** The running server; `close` says goodbye to its clients and removes what it left in the folder. */
export interface EngineServer {
  readonly socket: string;
  /** How many are connected; whoever wants to know when that changes asks `onClients`. */
  readonly clients: number;
  onClients(listener: () => void): void;
  close(): Promise<void>;
}

/** How long two engines that start at the same moment wait for each other. */
const STARTING_MS = 10_000;
const POLL_MS = 20;

/**
 * Lets other processes of the same user start, watch and steer the runs of a folder. One engine a folder: null when
 * another one serves it already.
 */
export async function serve(engine: Engine, env: NodeJS.ProcessEnv): Promise<EngineServer | null> {
  const { folder } = engine;
  const created = mkdirSync(join(folder, '.auton'), { recursive: true });
  const path = socketPath(folder, env);
  const sessions = new Set<EngineSession>();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const server = createServer((socket) => {
    const session: EngineSession = new EngineSession(socket, engine, () => {
      sessions.delete(session);
      changed();
    });
    sessions.add(session);
    changed();
  });
  if (!(await listenAlone(server, path, folder))) return null;
  engine.onStarted((run) => sessions.forEach((session) => session.sayStarted(run)));
  engine.onStopped((run) => sessions.forEach((session) => session.sayStopped(run)));
  return {
    socket: path,
    get clients() {
      return sessions.size;
    },
    onClients: (listener) => void listeners.add(listener),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...sessions].map((session) => session.end()));
      await closed;
      removeEndpoint(folder, process.pid);
      if (created !== undefined) removeIfEmpty(join(folder, '.auton'));
    },
  };
}

/** Nothing came of it: the folder is left as it was found. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it has a run in it by now, or is gone
  }
}

/**
 * Listens on the path and announces it. A socket that a killed engine left behind is replaced, a living engine's is
 * respected: then the answer is false. Only one process at a time tries, else one could remove the other's socket.
 */
async function listenAlone(server: Server, path: string, folder: string): Promise<boolean> {
  const unlock = await lockStart(folder);
  try {
    try {
      await listen(server, path);
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE')) throw error;
      if (await isServed(path, folder)) return false;
      rmSync(path, { force: true });
      await listen(server, path);
    }
    writeEndpoint(folder, { socket: path, pid: process.pid });
    return true;
  } catch (error) {
    server.close();
    if (error instanceof UserError) throw error;
    throw new UserError(
      `The engine cannot open its socket ${path}: ${errorMessage(error)}.`,
      `Make ${dirname(path)} writable, on a file system that can hold sockets.`,
      { cause: error },
    );
  } finally {
    unlock();
  }
}

/** Whether an engine serves the folder by this socket. What else listens there is given the time to end. */
async function isServed(path: string, folder: string): Promise<boolean> {
  for (let waited = 0; waited < STARTING_MS; waited += POLL_MS) {
    const other = await openSocket(path);
    other?.destroy();
    if (!other) return false;
    if (readEndpoint(folder)?.socket === path) return true;
    await sleep(POLL_MS); // an engine that ends, or whose folder was deleted and made anew
  }
  throw new UserError(
    `Another program listens on the engine's socket ${path}.`,
    'End that program, or delete the socket; then try again.',
  );
}

async function lockStart(folder: string): Promise<() => void> {
  const file = join(folder, '.auton', 'engine.start');
  for (let waited = 0; ; waited += POLL_MS) {
    const lock = tryLock(file);
    if (typeof lock === 'function') return lock;
    if (waited >= STARTING_MS) {
      throw new UserError(
        `Another engine (process ${lock.pid}) is starting in ${folder} and does not get on.`,
        `End that process, then try again.`,
      );
    }
    await sleep(POLL_MS);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const mask = process.umask(0o177); // the socket must not be open to others even for a moment
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      if (process.platform !== 'win32') chmodSync(path, 0o600);
      resolve();
    });
    process.umask(mask);
  });
}
