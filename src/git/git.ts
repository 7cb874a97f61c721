import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { devNull } from 'node:os';
import { UserError } from '../protocol/errors.ts';
import { ShellPool, type Command, type CommandResult } from './shell.ts';

/** Who stands in commits that the engine makes; agents are the authors of theirs. */
export interface Identity {
  name: string;
  email: string;
}

export const ENGINE: Identity = { name: 'AUTON', email: 'engine@auton.invalid' };

export interface GitOptions {
  /** `--git-dir`: given always, so that nothing an agent writes can redirect git. */
  gitDir?: string;
  workTree?: string;
  cwd?: string;
  env?: Record<string, string>;
  input?: Buffer | string;
}

/** git ended with a status that the caller did not expect. */
export class GitError extends Error {
  readonly code: number;
  readonly stderr: string;

  constructor(args: string[], result: CommandResult) {
    super(`git ${args.join(' ').slice(0, 300)} ended with ${result.code}: ${result.stderr.trim()}`);
    this.name = 'GitError';
    this.code = result.code;
    this.stderr = result.stderr;
  }
}

/**
 * Settings that decide how git behaves here, whatever the repository's own configuration says. The user's
 * global configuration is not read at all.
 */
const SETTINGS: Record<string, string> = {
  'commit.gpgSign': 'false',
  'core.autocrlf': 'false',
  'core.commentChar': ';',
  'core.editor': 'true',
  'core.fsmonitor': 'false',
  'core.hooksPath': devNull,
  'core.quotePath': 'false',
  'core.safecrlf': 'false',
  'gc.auto': '0',
  'i18n.commitEncoding': 'utf-8',
  'maintenance.auto': 'false',
  'merge.conflictStyle': 'merge',
  'merge.verifySignatures': 'false',
  'rerere.enabled': 'false',
  'submodule.recurse': 'false',
};

/**
 * git, called directly. simple-git reads the user's repository once at the start (inspect.ts); everything that
 * is done for each task comes through here, because it costs 4 ms more a call than git itself, has no
 * plumbing commands, and guards the very environment variables and settings that make git predictable.
 */
export class Git {
  readonly identity: Identity;
  readonly #env: NodeJS.ProcessEnv;
  readonly #shells: ShellPool | undefined;

  /** `offline`: what is not in the repository is missing, even where a configured remote would have it. */
  constructor(options: {
    identity: Identity;
    safeDirectories: string[];
    offline?: boolean;
    env?: NodeJS.ProcessEnv;
  }) {
    this.identity = options.identity;
    const settings = [
      ...Object.entries(SETTINGS),
      ...options.safeDirectories.map((folder) => ['safe.directory', folder] as const),
    ];
    const inherited = Object.entries(options.env ?? process.env).filter(([name]) => !name.startsWith('GIT_'));
    this.#env = {
      ...Object.fromEntries(inherited),
      LC_ALL: 'C',
      GIT_CONFIG_GLOBAL: devNull,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_COUNT: String(settings.length),
      ...Object.fromEntries(
        settings.flatMap(([key, value], index) => [
          [`GIT_CONFIG_KEY_${index}`, key],
          [`GIT_CONFIG_VALUE_${index}`, value],
        ]),
      ),
      GIT_LITERAL_PATHSPECS: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_TERMINAL_PROMPT: '0',
      // Fetching runs commands that the repository's configuration names; older versions only know the second.
      ...(options.offline ? { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none' } : {}),
      GIT_AUTHOR_NAME: options.identity.name,
      GIT_AUTHOR_EMAIL: options.identity.email,
      GIT_COMMITTER_NAME: options.identity.name,
      GIT_COMMITTER_EMAIL: options.identity.email,
    };
    this.#shells = process.platform === 'win32' ? undefined : new ShellPool(this.#env);
  }

  /** What git runs with. */
  get environment(): NodeJS.ProcessEnv {
    return this.#env;
  }

  /** Runs git and returns whatever came of it. */
  async run(args: string[], options: GitOptions = {}): Promise<CommandResult> {
    const where = [
      ...(options.cwd ? ['-C', options.cwd] : []),
      ...(options.gitDir ? [`--git-dir=${options.gitDir}`] : []),
      ...(options.workTree ? [`--work-tree=${options.workTree}`] : []),
    ];
    const command: Command = {
      args: ['git', ...where, ...args],
      env: options.env ?? {},
      input: options.input === undefined ? undefined : Buffer.from(options.input),
    };
    const result = await (this.#shells ? this.#shells.run(command) : runProcess(command, this.#env));
    if (result.code === 127) throw gitMissing();
    return result;
  }

  /** Runs git and returns its output without the last line feed; throws GitError when it fails. */
  async text(args: string[], options: GitOptions = {}): Promise<string> {
    const result = await this.run(args, options);
    if (result.code !== 0) throw new GitError(args, result);
    return result.stdout.toString().replace(/\n$/, '');
  }

  /** Runs a git command that answers by its exit status: 0 yes, 1 no. */
  async test(args: string[], options: GitOptions = {}): Promise<boolean> {
    const result = await this.run(args, options);
    if (result.code > 1) throw new GitError(args, result);
    return result.code === 0;
  }

  /** Starts git as a process that is asked more than once. */
  start(args: string[]): ChildProcessWithoutNullStreams {
    // Like the shells in a group of its own: Ctrl-C is the engine's to handle.
    return spawn('git', args, { env: this.#env, stdio: 'pipe', detached: true });
  }

  /** Deletes folders with all that is in them, in this order; Node's own makes several trips to its threads for each file. */
  async removeFolders(folders: string[]): Promise<void> {
    const result = await this.#shells?.run({
      args: ['rm', '-rf', '--', ...folders],
      env: {},
      input: undefined,
    });
    if (result?.code === 0) return;
    // Says what could not be deleted, and is how it is done where there is no shell.
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }

  close(): void {
    this.#shells?.close();
  }
}

export function gitMissing(cause?: unknown): UserError {
  return new UserError(
    'git was not found.',
    'Install it (Debian and Ubuntu: apt-get install git) and make sure that it is on the PATH.',
    cause === undefined ? {} : { cause },
  );
}

/** One process per command: for Windows, which has no small shell and starts processes without a fork. */
export function runProcess(command: Command, env: NodeJS.ProcessEnv): Promise<CommandResult> {
  const [program = '', ...args] = command.args;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...env, ...command.env }, stdio: 'pipe' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined); // it did not read its input; its status says why
    child.on('error', (error) => reject(gitMissing(error)));
    child.on('close', (code) =>
      resolve({ code: code ?? 128, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
    );
    child.stdin.end(command.input);
  });
}
