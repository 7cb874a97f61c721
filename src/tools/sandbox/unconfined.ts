import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { runProcess } from '../process.ts';
import type { Sandbox, SandboxCommand, SandboxLimits, SandboxResult } from '../sandbox.ts';
import { processesWith } from './processes.ts';

/** Variables of the user's own environment that a command gets; keys and tokens are not among them. */
const KEPT_VARIABLES = ['PATH', 'HOME', 'USER', 'TMPDIR', 'LANG', 'SystemRoot', 'ComSpec', 'PATHEXT', 'TEMP'];

/** Commands with all rights of the user who runs AUTON. Only time-outs and the end of what they started are kept. */
export class Unconfined implements Sandbox {
  readonly mode = 'off';
  readonly #maxFileBytes: number;

  constructor(limits: SandboxLimits) {
    this.#maxFileBytes = limits.max_file_mb * 2 ** 20;
  }

  async run(command: SandboxCommand): Promise<SandboxResult> {
    const mark = randomUUID();
    const env = { ...keptVariables(), TERM: 'dumb', GIT_OPTIONAL_LOCKS: '0', ...command.env, [MARK]: mark };
    const result = await runProcess({
      argv:
        process.platform === 'win32' ? command.argv : ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...command.argv],
      cwd: command.cwd,
      env,
      stdin: command.stdin,
      detached: true,
      timeoutMs: command.timeoutMs,
      signal: command.signal,
      outputFile: command.outputFile,
      onOutput: command.onOutput,
      maxOutputFileBytes: this.#maxFileBytes,
      kill: (child) => void killTree(child, mark),
    });
    return {
      exitCode: result.timedOut ? null : result.exitCode,
      timedOut: result.timedOut,
      output: result.output,
      outputBytes: result.outputBytes,
      durationMs: result.durationMs,
    };
  }
}

/** Every process a command starts inherits this variable, also one that leaves the process group. */
const MARK = 'AUTON_COMMAND';

async function killTree(child: ChildProcess, mark: string): Promise<void> {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    if (child.exitCode === null)
      spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
    return;
  }
  kill(-child.pid);
  if (process.platform !== 'linux') return;
  for (const pid of await processesWith(`${MARK}=${mark}`)) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function keptVariables(): Record<string, string> {
  return Object.fromEntries(
    KEPT_VARIABLES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}
