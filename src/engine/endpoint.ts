import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { hasCode, UserError } from '../protocol/errors.ts';

/** Bytes of a socket's path that every Unix accepts, its ending zero not counted (Linux takes 107, macOS 103). */
const MAX_SOCKET_PATH = 103;

/** What an engine writes beside its socket, so that clients find it wherever it had to go. */
export interface Endpoint {
  socket: string;
  pid: number;
}

const endpointFile = (folder: string) => join(folder, '.auton', 'engine.json');

/**
 * Where the engine of a folder listens: in `.auton/`, or, where that path is too long for a socket, under a hash of
 * it in the user's own run-time folder. On Windows a named pipe.
 */
export function socketPath(folder: string, env: NodeJS.ProcessEnv): string {
  const absolute = resolve(folder);
  const hash = createHash('sha256').update(absolute).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\auton-${hash}`;
  const usual = join(absolute, '.auton', 'engine.sock');
  if (Buffer.byteLength(usual) <= MAX_SOCKET_PATH) return usual;
  return join(privateFolder(env), `${hash}.sock`);
}

/** A folder that only this user can enter; anybody may create names in the system's temporary folder. */
function privateFolder(env: NodeJS.ProcessEnv): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  const candidates = [...(runtime ? [runtime] : []), tmpdir(), '/tmp'];
  const fits = (base: string) =>
    Buffer.byteLength(join(base, 'auton-4294967295', 'x'.repeat(29))) <= MAX_SOCKET_PATH;
  const base = candidates.find(fits) ?? '/tmp';
  const uid = userInfo().uid;
  const folder = join(base, `auton-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== uid) {
    throw new UserError(
      `${folder} belongs to somebody else, so the engine cannot listen there.`,
      'Set XDG_RUNTIME_DIR to a folder of your own, or work in a folder with a shorter path.',
    );
  }
  chmodSync(folder, 0o700);
  return folder;
}

export function writeEndpoint(folder: string, endpoint: Endpoint): void {
  writeFileSync(endpointFile(folder), `${JSON.stringify(endpoint)}\n`, { mode: 0o600 });
}

/** null when no engine has announced itself in this folder, or what it wrote is unreadable. */
export function readEndpoint(folder: string): Endpoint | null {
  let text: string;
  try {
    text = readFileSync(endpointFile(folder), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
  try {
    const { socket, pid } = JSON.parse(text) as Partial<Endpoint>;
    return typeof socket === 'string' && typeof pid === 'number' ? { socket, pid } : null;
  } catch {
    return null; // an engine that was killed while writing it
  }
}

/** Takes the announcement back, unless another engine has replaced it. */
export function removeEndpoint(folder: string, pid: number): void {
  if (readEndpoint(folder)?.pid === pid) rmSync(endpointFile(folder), { force: true });
}
