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
  options: {
    token?: CancellationToken;
    onOutput?: (text: string) => void;
    /** What it reads on its standard input. */
    input?: string;
  } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.node, [program.script, ...args], {
      cwd: folder,
      env: { ...program.env, NO_COLOR: '1' },
      stdio: 'pipe',
    });
    child.stdin.on('error', () => undefined); // it ended without reading everything
    child.stdin.end(options.input ?? '');
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

/** Runs it to its end and returns what it printed; what it says went wrong is thrown as a UserError. */
export async function runAuton(...args: Parameters<typeof runCli>): Promise<string> {
  const result = await runCli(...args);
  if (result.code !== 0) throw complaint(args[2], result);
  return result.stdout;
}

/** The JSON that a command prints; a UserError with what it said instead when it does not. */
export async function cliJson<T>(...args: Parameters<typeof runCli>): Promise<T> {
  const result = await runCli(...args);
  try {
    return JSON.parse(result.stdout) as T;
  } catch {
    throw complaint(args[2], result);
  }
}

/** What a command says of an error is "error: <message>", and the remedy behind an arrow. */
const SAID = /^error: ([\s\S]*?)\n(?:→|->|>) ([\s\S]*)$/;

function complaint(args: readonly string[], { stdout, stderr, code }: CliResult): UserError {
  const said = (stderr || stdout).trim();
  const [, message, remedy] = SAID.exec(said) ?? [];
  return new UserError(
    message ??
      (said.split('\n').slice(-5).join('\n') ||
        l10n.t('auton {0} ended with {1}.', args.join(' '), String(code))),
    remedy ?? l10n.t('See the log of AUTON for more.'),
  );
}
