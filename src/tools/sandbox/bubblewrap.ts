import type { ChildProcess } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { UserError } from '../../protocol/errors.ts';
import { runProcess, type ProcessResult } from '../process.ts';
import type { Sandbox, SandboxCommand, SandboxLimits, SandboxResult } from '../sandbox.ts';
import type { CgroupPool } from './cgroup.ts';
import type { WritableFolder } from './disk.ts';
import { DiskGuard } from './disk-guard.ts';
import { gpuMounts } from './gpu.ts';
import {
  commandMounts,
  findRepository,
  SEAL,
  SEAL_PROC,
  systemMounts,
  withoutCredentials,
  type Mount,
} from './mounts.ts';
import { countDescendants, ended } from './processes.ts';

export interface BubblewrapOptions {
  limits: SandboxLimits;
  /** Folders and files that no command sees, also where a folder around them is readable. */
  hide: string[];
  /** Groups whose limits fit `limits`; absent where this process may not make any. */
  cgroups: CgroupPool | undefined;
  /**
   * Count a command's processes while it runs. Otherwise RLIMIT_NPROC limits them, which counts those of the sandbox's
   * own user namespace but not uid 0's, or a control group: uid 0 without one needs the count.
   */
  countProcesses: boolean;
  /** bubblewrap 0.8 and later can forbid new user namespaces. */
  disableUserns: boolean;
  /** The folder that has the nodes of GPUs; /dev. */
  devices?: string;
}

/** What a command sees and writes. */
interface CommandFiles {
  /** Options of bubblewrap. */
  args: string[];
  folders: WritableFolder[];
  /** What it sees as the repository's configuration, if there is a repository. */
  gitConfig: string | undefined;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Joins the control groups named first, sends both outputs into one pipe, closes what the engine was started with and
 * becomes bubblewrap. A pipe, because Node gives its children sockets, and /dev/stdout cannot be opened on a socket.
 * bubblewrap stays the engine's own child: it dies with the engine, and everything inside dies with it.
 */
const LAUNCH = `
n=$1; shift
while ((n--)); do echo $$ >"$1" || exit 125; shift; done
exec > >(exec cat 3>&- 4>&-) 2>&1
for fd in /proc/$$/fd/*; do fd=\${fd##*/}; ((fd > 4)) && exec {fd}>&-; done
exec "$@"`;

/** Every command in namespaces of its own: no network, no other process, no file but the mounted ones. */
export class Bubblewrap implements Sandbox {
  readonly mode = 'bubblewrap';
  readonly #options: BubblewrapOptions;
  readonly #isolation: string[];
  readonly #disk: DiskGuard;

  constructor(options: BubblewrapOptions) {
    const { limits } = options;
    this.#options = options;
    this.#disk = new DiskGuard(limits.max_file_mb);
    this.#isolation = [
      ...['--unshare-all', '--unshare-user', ...(options.disableUserns ? ['--disable-userns'] : [])],
      ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--uid', '1000', '--gid', '1000'],
      ...['--hostname', 'sandbox', '--json-status-fd', '3'],
      ...systemMounts(limits.tmp_mb * 2 ** 20),
    ];
  }

  async run(command: SandboxCommand): Promise<SandboxResult> {
    command.signal?.throwIfAborted();
    const { args, folders, gitConfig } = await this.#mounts(
      await realPaths(command.writable),
      await realPaths(command.readable ?? []),
    );
    const groups = this.#options.cgroups?.take() ?? [];
    const fileBytes = this.#disk.maxFileBytes(folders);
    const gpu = command.gpu ? gpuMounts(this.#options.devices ?? '/dev') : [];
    const hasGpu = gpu.length > 0;

    const result = await runProcess({
      argv: [
        ...['bash', '--norc', '-c', LAUNCH, 'sandbox', String(groups.length), ...groups],
        ...['bwrap', ...this.#isolation, ...args, ...(hasGpu ? gpu : SEAL_PROC), ...SEAL],
        ...[...environment(command.env), '--chdir', await realpath(command.cwd), '--'],
        ...this.#limited(fileBytes, hasGpu, command.argv),
      ],
      cwd: '/',
      // bubblewrap's own environment can be read inside at /proc/1/environ, so nothing of the engine's goes there.
      env: { PATH },
      stdin: command.stdin,
      side: gitConfig === undefined ? {} : { data: gitConfig },
      timeoutMs: command.timeoutMs,
      signal: command.signal,
      outputFile: command.outputFile,
      onOutput: command.onOutput,
      maxOutputFileBytes: this.#options.limits.max_file_mb * 2 ** 20,
      kill: (child) => child.kill('SIGKILL'),
      watch: (child) => this.#watch(child, folders),
      // bubblewrap ends with the command, its process 1 a moment later, and with that everything else inside.
      afterEnd: (status) => ended(Number(/"child-pid": (\d+)/.exec(status)?.[1] ?? 0)),
    }).finally(() => groups.length && this.#options.cgroups!.release(groups));
    const notes = await this.#disk.settle(folders);
    return toResult(result, notes);
  }

  #limited(fileBytes: number, hasGpu: boolean, argv: string[]): string[] {
    const { limits } = this.#options;
    // CUDA reserves addresses for all memory of the machine and its GPUs; what can be written counts for both.
    const memory = `--${hasGpu ? 'data' : 'as'}=${limits.memory_mb * 2 ** 20}`;
    return [
      ...['prlimit', '--core=0', `--fsize=${fileBytes}`, memory],
      ...[`--nproc=${limits.max_processes}`, '--', ...argv],
    ];
  }

  async #mounts(writable: string[], readable: string[]): Promise<CommandFiles> {
    const mounts: Mount[] = [
      ...this.#options.hide.map((path) => ({ path, access: 'hide' as const })),
      ...readable.map((path) => ({ path, access: 'read' as const })),
      ...writable.map((path) => ({ path, access: 'write' as const })),
    ];
    const configs = new Set<string>();
    const folders: WritableFolder[] = [];
    for (const folder of [...writable, ...readable]) {
      const repository = await findRepository(folder);
      mounts.push(...(repository?.protect ?? []).map((path) => ({ path, access: 'read' as const })));
      if (repository?.config) configs.add(repository.config);
      if (writable.includes(folder)) folders.push({ path: folder, hasGit: repository !== undefined });
    }
    const args = await commandMounts(mounts);
    const [config, ...others] = configs;
    for (const other of others) args.push('--ro-bind', '/dev/null', other);
    if (config === undefined) return { args, folders, gitConfig: undefined };
    args.push('--ro-bind-data', '4', config);
    return { args, folders, gitConfig: withoutCredentials(await readFile(config, 'utf8')) };
  }

  async #watch(child: ChildProcess, folders: WritableFolder[]): Promise<string | undefined> {
    if (this.#options.countProcesses) {
      const { max_processes } = this.#options.limits;
      if ((await countDescendants(child.pid!)) > max_processes)
        return `it started more than ${max_processes} processes`;
    }
    return await this.#disk.check(folders);
  }
}

function environment(extra: Record<string, string> = {}): string[] {
  const variables = {
    PATH,
    HOME: '/tmp',
    TMPDIR: '/tmp',
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    // git status would rewrite the index, which is read-only.
    GIT_OPTIONAL_LOCKS: '0',
    ...extra,
  };
  return ['--clearenv', ...Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value])];
}

function realPaths(folders: string[]): Promise<string[]> {
  return Promise.all(folders.map((folder) => realpath(folder)));
}

function toResult(result: ProcessResult, notes: string[]): SandboxResult {
  const ended = result.timedOut || result.stopped !== undefined;
  // bubblewrap reports an exit code only of a command that it could start.
  const exit = /"exit-code": (\d+)/.exec(result.status);
  if (!exit && !ended && result.exitCode !== null) throw cannotStart(result.output);
  if (result.stopped !== undefined) notes.unshift(`The command was ended: ${result.stopped}.`);
  return {
    exitCode: exit && !ended ? Number(exit[1]) : null,
    timedOut: result.timedOut,
    output: result.output,
    outputBytes: result.outputBytes,
    durationMs: result.durationMs,
    ...(notes.length > 0 ? { notes } : {}),
  };
}

function cannotStart(output: string): UserError {
  return new UserError(
    `The sandbox could not start a command: ${output.trim() || 'bubblewrap ended without a word'}.`,
    'Run `auton doctor` to see whether bubblewrap works on this machine.',
  );
}
