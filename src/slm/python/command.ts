import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Finished {
  /** null when a signal ended it. */
  status: number | null;
  /** Both streams, at most the last 64 KB. */
  output: string;
}

const KEPT_CHARACTERS = 65_536;

/**
 * Runs a program of the user's with the user's own environment, in a process group of its own that ends with the signal.
 * Rejects with the signal's reason, or when the program cannot be started.
 */
export async function runCommand(
  argv: readonly string[],
  options: {
    env: Record<string, string | undefined>;
    signal?: AbortSignal | undefined;
    onLine?: ((line: string) => void) | undefined;
  },
): Promise<Finished> {
  const { env, signal, onLine } = options;
  signal?.throwIfAborted();
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      output = `${output}${line}\n`.slice(-KEPT_CHARACTERS);
      onLine?.(line);
    });
  }
  const abort = () => killGroup(child.pid);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal?.throwIfAborted();
    return { status, output };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Ends a process and everything it started, as far as it stayed in its process group. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    if (process.platform === 'win32')
      spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' });
    else process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
