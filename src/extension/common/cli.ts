import { spawn } from 'node:child_process';
import { l10n, type CancellationToken } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { NodeProgram } from './node.ts';

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `auton <args>` in a folder and waits for its end. Cancelling ends it tidily. */
export function runCli(
  program: NodeProgram,
  folder: string,
  args: readonly string[],
  options: { token?: CancellationToken; onOutput?: (text: string) => void } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.node, [program.script, ...args], {
      cwd: folder,
      env: { ...program.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const cancel = options.token?.onCancellationRequested(() => child.kill('SIGTERM'));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      options.onOutput?.(text);
    });
    child.on('error', (cause) => {
      cancel?.dispose();
      reject(
        new UserError(
          l10n.t('Node could not be started: {0}.', cause.message),
          l10n.t('Look at the setting auton.engine.nodePath.'),
          { cause },
        ),
      );
    });
    child.on('close', (code) => {
      cancel?.dispose();
      resolve({ code, stdout, stderr });
    });
  });
}

/** The JSON that a command prints; a UserError with what it said instead when it does not. */
export async function cliJson<T>(...args: Parameters<typeof runCli>): Promise<T> {
  const { stdout, stderr, code } = await runCli(...args);
  try {
    return JSON.parse(stdout) as T;
  } catch {
    const said = (stderr || stdout).trim().split('\n').slice(-5).join('\n');
    throw new UserError(
      said || l10n.t('auton {0} ended with {1}.', args[2].join(' '), String(code)),
      l10n.t('See the log of AUTON for more.'),
    );
  }
}
