import { once } from 'node:events';
import { existsSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../../protocol/errors.ts';
import type { Sandbox } from '../sandbox.ts';
import { processesRunning } from './processes.ts';

interface Escape {
  what: string;
  /** Runs in bash inside the sandbox; succeeds when the sandbox does not hold. */
  attempt: string;
}

/** Every way out that is really tried before a run. */
const ESCAPES: Escape[] = [
  { what: 'write outside its folders', attempt: 'echo x > "$OUTSIDE/written"' },
  { what: 'write to /usr', attempt: 'touch "/usr/$TOKEN"' },
  { what: 'make a folder in /', attempt: 'mkdir "/$TOKEN"' },
  { what: 'remount /usr writable', attempt: 'mount -o remount,bind,rw /usr' },
  { what: "change the kernel's settings", attempt: 'exec 5>>/proc/sys/kernel/core_pattern' },
  { what: 'read a hidden file', attempt: 'grep -q . "$OUTSIDE/hidden/secret"' },
  { what: "read the engine's environment", attempt: 'grep -qsz ^AUTON_PLANTED= /proc/[0-9]*/environ' },
  { what: "write to the repository's hooks", attempt: 'echo x > .git/hooks/post-commit' },
  { what: 'connect to a port of this machine', attempt: ': <"/dev/tcp/127.0.0.1/$PORT"' },
  {
    what: "see this machine's processes",
    attempt: '[[ $(readlink /proc/self/ns/pid) == "$PID_NAMESPACE" ]]',
  },
  { what: 'keep a process running', attempt: 'setsid nohup sleep "$SLEEP" & false' },
  { what: 'make a user namespace', attempt: 'unshare --user true' },
];

/** The process limit of the sandbox that is tried; the real one would take too long to reach. */
export const PROBE_PROCESSES = 24;
/** Without a fork of its own, which would fail: bash complains on its error output when it reaches the limit. */
const TOO_MANY_PROCESSES = `
{ for ((i = 0; i < ${2 * PROBE_PROCESSES}; i++)); do sleep 5 & done; } 2>/tmp/forks &
until [[ -s /tmp/forks ]]; do
  set -- /proc/[0-9]*
  (($# > ${PROBE_PROCESSES + 8})) && echo 'escape: start any number of processes' && break
done`;

export interface ProbeOptions {
  /** Makes the sandbox to try, which hides these places and allows `PROBE_PROCESSES` processes. */
  sandbox: (hide: string[]) => Sandbox;
  /** Whether it claims to forbid new user namespaces. */
  forbidsUserns: boolean;
}

export interface ProbeResult {
  /** False where no limit on processes holds: then they must be counted. */
  limitsProcesses: boolean;
}

/** Tries to get out of a sandbox. Rejects with a UserError when anything gets out, or nothing starts at all. */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'auton-probe-')));
  const server = createServer((socket) => socket.destroy());
  try {
    const escaped = await tryToEscape(options, root, server);
    const limitsProcesses = !escaped.delete('start any number of processes');
    if (escaped.size > 0) {
      throw new UserError(
        `The sandbox does not hold: a command inside could ${[...escaped].join(', ')}.`,
        'Update bubblewrap and the kernel, or run AUTON on another machine. sandbox.mode = "off" in auton.toml ' +
          'runs agents without any protection.',
      );
    }
    return { limitsProcesses };
  } finally {
    server.close();
    await rm(root, { recursive: true, force: true });
  }
}

async function tryToEscape(options: ProbeOptions, root: string, server: Server): Promise<Set<string>> {
  const worktree = path.join(root, 'worktree');
  await mkdir(path.join(worktree, '.git', 'hooks'), { recursive: true });
  await mkdir(path.join(root, 'hidden'));
  await writeFile(path.join(root, 'hidden', 'secret'), 'planted\n');
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const token = `auton-probe-${randomUUID()}`;
  // A number no other process sleeps for, by which this one is found.
  const sleep = `3600.${randomUUID().replace(/\D/g, '')}`;
  const escapes = ESCAPES.filter(({ what }) => options.forbidsUserns || what !== 'make a user namespace');
  const sandbox = options.sandbox([path.join(root, 'hidden')]);

  const script = [
    ...escapes.map(({ what, attempt }) => `(${attempt}) >/dev/null 2>&1 && echo ${quote(`escape: ${what}`)}`),
    'echo x >written || exit 1',
    TOO_MANY_PROCESSES,
    'echo complete',
  ].join('\n');
  process.env['AUTON_PLANTED'] = token;
  const result = await sandbox
    .run({
      argv: ['bash', '-c', script],
      cwd: worktree,
      writable: [worktree],
      readable: [root],
      env: {
        OUTSIDE: root,
        TOKEN: token,
        SLEEP: sleep,
        PORT: String((server.address() as AddressInfo).port),
        PID_NAMESPACE: readlinkSync('/proc/self/ns/pid'),
      },
      timeoutMs: 20_000,
    })
    .finally(() => delete process.env['AUTON_PLANTED']);
  if (!result.output.includes('complete') || !existsSync(path.join(worktree, 'written'))) {
    throw new UserError(
      `A command in the sandbox does not run as it should: ${result.output.trim() || 'it said nothing'}.`,
      'AUTON needs bash, coreutils, util-linux (prlimit, setsid) and bubblewrap in /usr.',
    );
  }

  const escaped = new Set([...result.output.matchAll(/^escape: (.*)$/gm)].map((match) => match[1]!));
  for (const planted of [path.join(root, 'written'), `/usr/${token}`, `/${token}`]) {
    if (!existsSync(planted)) continue;
    escaped.add(`write to ${path.dirname(planted)}`);
    await rm(planted, { recursive: true });
  }
  for (const pid of await processesRunning(sleep)) {
    escaped.add('keep a process running');
    process.kill(pid, 'SIGKILL');
  }
  return escaped;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What keeps an ordinary user from user namespaces on this machine, with what to do about it. */
export async function namespaceRemedy(): Promise<string> {
  for (const { file, blocks, remedy } of NAMESPACE_SETTINGS) {
    const value = await readFile(file, 'utf8').catch(() => '');
    if (value.trim() === blocks) return remedy;
  }
  return (
    'In a container, start it with --privileged or with --cap-add SYS_ADMIN --security-opt seccomp=unconfined. ' +
    'sandbox.mode = "off" in auton.toml runs agents without any protection.'
  );
}

const NAMESPACE_SETTINGS = [
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    blocks: '1',
    remedy:
      'AppArmor forbids user namespaces here (Ubuntu 23.10 and later). Allow them with ' +
      '`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, kept in /etc/sysctl.d, or give /usr/bin/bwrap ' +
      'an AppArmor profile with `userns,`.',
  },
  {
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    blocks: '0',
    remedy: 'Allow user namespaces with `sudo sysctl -w kernel.unprivileged_userns_clone=1`.',
  },
  {
    file: '/proc/sys/user/max_user_namespaces',
    blocks: '0',
    remedy: 'Allow user namespaces with `sudo sysctl -w user.max_user_namespaces=10000`.',
  },
];
