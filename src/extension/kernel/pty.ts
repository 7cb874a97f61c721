import { createRequire } from 'node:module';
import { join } from 'node:path';
import { l10n } from 'vscode';
import { UserError } from '../../protocol/errors.ts';

/** What is used of node-pty. */
export interface Pty {
  onData(listener: (text: string) => void): void;
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void): void;
  write(text: string): void;
  resize(columns: number, rows: number): void;
  pause(): void;
  resume(): void;
  kill(signal?: string): void;
}

interface NodePty {
  spawn: (
    file: string,
    args: string[],
    options: { name: string; cols: number; rows: number; cwd: string; env: Record<string, string> },
  ) => Pty;
}

export interface PtyOptions {
  argv: [string, ...string[]];
  cwd: string;
  env: NodeJS.ProcessEnv;
  columns: number;
  rows: number;
}

/** Runs a program on a terminal of its own. Native code is loaded here, at its first use. */
export function spawnPty(extensionPath: string, options: PtyOptions): Pty {
  const { spawn } = nodePty(extensionPath);
  const env = Object.entries(options.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const [file, ...args] = options.argv;
  return spawn(file, args, {
    ...{ name: 'xterm-256color', cols: options.columns, rows: options.rows },
    ...{ cwd: options.cwd, env: { ...Object.fromEntries(env), COLORTERM: 'truecolor' } },
  });
}

function nodePty(extensionPath: string): NodePty {
  const folder = join(extensionPath, 'dist', 'node-pty');
  try {
    return createRequire(join(extensionPath, 'package.json'))(folder) as NodePty;
  } catch (cause) {
    throw new UserError(
      l10n.t('The serial terminal cannot be opened: its native part does not load on this machine.'),
      l10n.t('Install the version of AUTON for this platform, or run "auton kernel boot" in a terminal.'),
      { cause },
    );
  }
}
