import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { RunHandle } from '../protocol/control.ts';
import { hasCode, UserError } from '../protocol/errors.ts';
import { removeEndpoint, socketPath, writeEndpoint } from './endpoint.ts';
import { EngineSession } from './server-session.ts';

/** The running server; `close` says goodbye to its clients and removes what it left in the folder. */
export interface EngineServer {
  readonly socket: string;
  close(): Promise<void>;
}

/** Lets other processes of the same user watch and control the run of this process. One engine a folder. */
export async function serveRun(
  folder: string,
  handle: RunHandle,
  env: NodeJS.ProcessEnv,
): Promise<EngineServer> {
  mkdirSync(join(folder, '.auton'), { recursive: true });
  const path = socketPath(folder, env);
  const sessions = new Set<EngineSession>();
  const server = createServer((socket) => {
    const session: EngineSession = new EngineSession(socket, handle, () => sessions.delete(session));
    sessions.add(session);
  });
  await listenAlone(server, path);
  writeEndpoint(folder, { socket: path, pid: process.pid, run: handle.state.run });

  void handle.stopped.then((outcome) => {
    for (const session of sessions) session.sayStopped(outcome);
  }, ignoreHere);

  return {
    socket: path,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...sessions].map((session) => session.end()));
      await closed;
      removeEndpoint(folder, process.pid);
    },
  };
}

/** A run that stops by an error is reported by whoever started it. */
const ignoreHere = () => undefined;

/** Listens on the path; a socket that a killed engine left behind is replaced, a living engine's is respected. */
async function listenAlone(server: Server, path: string): Promise<void> {
  try {
    await listen(server, path);
    return;
  } catch (error) {
    if (!hasCode(error, 'EADDRINUSE')) throw cannotListen(path, error);
  }
  if (await answers(path)) {
    throw new UserError(
      'Another engine is already working in this folder.',
      'Watch it with `auton logs --follow`, or stop it with `auton pause`.',
    );
  }
  rmSync(path, { force: true });
  await listen(server, path).catch((error: unknown) => {
    throw cannotListen(path, error);
  });
}

function cannotListen(path: string, cause: unknown): UserError {
  return new UserError(
    `The engine cannot open its socket ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    `Make ${dirname(path)} writable, on a file system that can hold sockets.`,
    { cause },
  );
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

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
