import { findProgram } from '../../kernel/toolchain.ts';
import { runProcess } from '../../tools/process.ts';
import type { Sandbox } from '../../tools/sandbox.ts';
import { killGroup } from '../python/command.ts';
import { pythonVariables, type Python } from '../python/environment.ts';

export interface Launched {
  argv: readonly string[];
  cwd: string;
  python: Python;
  /** The whole output goes to this file. */
  log: string | undefined;
  onLine: (line: string) => void;
  signal: AbortSignal | undefined;
}

export interface LaunchEnd {
  /** null when it was killed. */
  status: number | null;
  /** Why it was ended before it was done, where that is known. */
  ending?: string | undefined;
  log?: string | undefined;
}

/** Starts a pipeline command and waits for its end; rejects with the signal's reason. Its standard input is closed. */
export type Launch = (command: Launched) => Promise<LaunchEnd>;

const MAX_LOG_BYTES = 64 * 2 ** 20;
/** The longest time that a timer of Node can wait: 24 days. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** With the rights and the environment of the user, who has asked for it. It ends with this process. */
export const unconfined: Launch = async ({ argv, cwd, python, log, onLine, signal }) => {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  const shell = process.platform === 'win32' ? [] : ['sh', '-c', 'exec "$@" 2>&1', 'sh']; // both streams in order
  const lines = new Lines(onLine);
  const { exitCode } = await runProcess({
    argv: [...shell, ...(setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []), ...argv],
    cwd,
    env: { ...userEnvironment(), ...pythonVariables(python) },
    detached: true,
    timeoutMs: NO_TIMEOUT_MS,
    signal,
    outputFile: log,
    onOutput: lines.add,
    maxOutputFileBytes: MAX_LOG_BYTES,
    kill: (child) => killGroup(child.pid),
  });
  lines.end();
  return { status: exitCode, log };
};

/** As agents run it: without a network, writing nothing but these folders, for a limited time. */
export function sandboxed(
  sandbox: Sandbox,
  limits: {
    writable: string[];
    readable?: string[];
    gpu?: boolean;
    timeoutMs: number;
    env?: Record<string, string>;
  },
): Launch {
  return async ({ argv, cwd, python, log, onLine, signal }) => {
    const lines = new Lines(onLine);
    const [program = '', ...args] = argv;
    const { exitCode, timedOut, notes } = await sandbox.run({
      argv: [program, ...args],
      cwd,
      writable: limits.writable,
      readable: [...python.readable, ...(limits.readable ?? [])],
      gpu: limits.gpu ?? false,
      // The sandbox's user has no entry in /etc/passwd; PyTorch asks for a name.
      env: { USER: 'agent', ...pythonVariables(python), ...limits.env },
      timeoutMs: limits.timeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(log === undefined ? {} : { outputFile: log }),
      onOutput: lines.add,
    });
    lines.end();
    const ending = timedOut
      ? `its time of ${limits.timeoutMs / 1000} s was up`
      : notes?.[0]?.replace(/^The command was ended: |\.$/g, '');
    return { status: exitCode, ...(exitCode === 0 ? {} : { ending }), log };
  };
}

/** Cuts text that comes in pieces into lines. */
class Lines {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  readonly add = (text: string): void => {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    lines.forEach(this.#onLine);
  };

  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
  }
}

function userEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
