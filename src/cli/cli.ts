import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { delimiter } from 'node:path';
import { styleFor, symbolsFor, type OutputStream, type Style, type Symbols } from './terminal/style.ts';

/** What a command gets from the process it runs in: the only place that knows about streams and the environment. */
export interface Cli {
  cwd: string;
  env: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadStream;
  stdout: OutputStream;
  stderr: OutputStream;
  /** How the user calls this program: "auton", or "node dist/auton.mjs" where that is not on the PATH. */
  self: string;
  style: Style;
  symbols: Symbols;
  print(...lines: string[]): void;
  /** Set by the command; what the process ends with. */
  exitCode: number;
}

export function cliOf(process: NodeJS.Process): Cli {
  const { env, stdout, stderr, stdin } = process;
  const cwd = process.cwd();
  return {
    cwd,
    env,
    stdin,
    stdout,
    stderr,
    self: callName(process.argv[1] ?? 'auton', cwd, env),
    style: styleFor(stdout, env),
    symbols: symbolsFor(env),
    print: (...lines) => void stdout.write(lines.map((line) => `${line}\n`).join('')),
    exitCode: 0,
  };
}

export function callName(script: string, cwd: string, env: NodeJS.ProcessEnv): string {
  const names = process.platform === 'win32' ? ['auton.cmd', 'auton.exe'] : ['auton'];
  // npm puts its own folders in front of the PATH of what it runs; the user's shell has none of them.
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  if (folders.some((folder) => names.some((name) => existsSync(join(folder, name))))) return 'auton';
  // The bundle needs the Node that came with it; the launcher beside it finds that one.
  const launcher = join(dirname(dirname(script)), 'bin', 'auton.mjs');
  const start = basename(dirname(script)) === 'dist' && existsSync(launcher) ? launcher : script;
  const near = relative(cwd, start);
  return `node ${near.startsWith('..') ? start : near || basename(start)}`;
}

/**
 * The folder a command is about: the one named, else the nearest above the current one in which AUTON has worked,
 * else the current one.
 */
export function folderOf(cli: Cli, named: string | undefined): string {
  if (named !== undefined) return resolve(cli.cwd, named);
  for (let folder = cli.cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.auton', 'runs'))) return folder;
    if (dirname(folder) === folder) return cli.cwd;
  }
}

/** Values as JSON for other programs; Maps become objects. */
export function printJson(cli: Cli, value: unknown): void {
  const plain = (_key: string, entry: unknown): unknown =>
    entry instanceof Map ? Object.fromEntries(entry as Map<string, unknown>) : entry;
  cli.print(JSON.stringify(value, plain, 2));
}

/** Width for tables and prose; a pipe has none of its own. */
export function columnsOf(cli: Cli): number {
  return cli.stdout.columns || 100;
}
