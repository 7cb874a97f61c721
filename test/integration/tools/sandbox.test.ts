import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox, SandboxCommand, SandboxResult } from '../../../src/tools/sandbox.ts';
import { Bubblewrap } from '../../../src/tools/sandbox/bubblewrap.ts';
import { processesRunning } from '../../../src/tools/sandbox/processes.ts';
import { realSandbox, sandboxDefaults, skipBecause } from '../../fixtures/real-sandbox.ts';

describe('the sandbox', function () {
  let root: string;
  let repository: string;
  let worktree: string;
  let sandbox: Sandbox;

  /** Runs a bash script in the worktree. */
  const run = (script: string, options: Partial<SandboxCommand> = {}): Promise<SandboxResult> =>
    sandbox.run({
      argv: ['bash', '-c', script],
      cwd: worktree,
      writable: [worktree],
      timeoutMs: 200_000,
      ...options,
    });

  before(async function () {
    // Not below /tmp, where the sandbox has a file system of its own.
    root = realpathSync(mkdtempSync('/var/tmp/auton-sandbox-'));
    repository = path.join(root, 'repository');
    worktree = path.join(root, 'worktrees', 'task');
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
        stdio: 'pipe',
      });
    execFileSync('git', ['init', '-q', '-b', 'main', repository]);
    writeFileSync(path.join(repository, 'kernel.c'), 'int main;\n');
    git('add', '.');
    git('commit', '-qm', 'First');
    git('remote', 'add', 'origin', 'https://user:token-in-url@example.org/x.git');
    git('worktree', 'add', '-q', '-b', 'agent/task', worktree);
    git('worktree', 'add', '-q', '-b', 'agent/other', path.join(root, 'worktrees', 'other'));
    writeFileSync(path.join(root, 'secret'), 'planted-secret\n');
    sandbox = await realSandbox(this, { max_processes: 64, max_file_mb: 32, memory_mb: 1024, tmp_mb: 16 });
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  describe('runs commands', () => {
    it('with the exit code and both outputs in order', async () => {
      const result = await run('echo one; echo two >&2; echo three; exit 7');
      assert.equal(result.exitCode, 7);
      assert.equal(result.output, 'one\ntwo\nthree\n');
      assert.equal(result.outputBytes, 14);
      assert.equal(result.timedOut, false);
    });

    it('that open /dev/stdout and /dev/stderr', async () => {
      assert.equal((await run('echo a >/dev/stdout; echo b | tee /dev/stderr')).output, 'a\nb\nb\n');
    });

    it('with standard input given or empty', async () => {
      assert.equal((await run('cat', { stdin: 'typed ä\n' })).output, 'typed ä\n');
      assert.equal((await run('cat; echo end')).output, 'end\n');
    });

    it('that read and write the worktree, compile, and see a small environment', async () => {
      const script =
        'echo "int main(void){return 0;}" >a.c && gcc -Wall a.c -o a.out && ./a.out && env | sort';
      const { exitCode, output } = await run(script, { env: { ARCH: 'x86_64' } });
      assert.equal(exitCode, 0, output);
      const names = output.match(/^[A-Z_]+(?==)/gm)!.filter((name) => !['PWD', 'SHLVL', '_'].includes(name));
      assert.deepEqual(names, ['ARCH', 'GIT_OPTIONAL_LOCKS', 'HOME', 'LANG', 'PATH', 'TERM', 'TMPDIR']);
      assert.ok(existsSync(path.join(worktree, 'a.out')));
    });

    it('with git status, diff and log', async () => {
      const { exitCode, output } = await run(
        'echo "int x;" >>kernel.c; git status --short; git diff; git log --oneline',
      );
      assert.equal(exitCode, 0, output);
      assert.match(output, /M kernel\.c/);
      assert.match(output, /\+int x;/);
      assert.match(output, /First/);
    });

    it('whose program does not exist, as a failed command', async () => {
      const { exitCode, output } = await run('', { argv: ['no-such-program'] });
      assert.equal(exitCode, 127);
      assert.match(output, /no-such-program/);
    });

    it('with output that is not UTF-8', async () => {
      assert.equal((await run(String.raw`printf 'a\xff\xfeb'`)).output, 'a\uFFFD\uFFFDb');
    });

    it('several at once without mixing them', async () => {
      const results = await Promise.all(Array.from({ length: 8 }, (_, i) => run(`sleep 0.1; echo ${i}`)));
      assert.deepEqual(
        results.map(({ output }) => output),
        Array.from({ length: 8 }, (_, i) => `${i}\n`),
      );
    });
  });

  describe('bounds', () => {
    it('a flood of output in memory and on disk, and keeps its beginning and end', async () => {
      const outputFile = path.join(root, 'flood.txt');
      const before = process.memoryUsage().rss;
      const result = await run('echo start; yes | head -c 200M; echo end', {
        outputFile,
        timeoutMs: 250_000,
      });
      assert.equal(result.exitCode, 0);
      assert.equal(result.outputBytes, 200 * 2 ** 20 + 10);
      assert.ok(result.output.length < 17_000);
      assert.match(result.output, /^start\n/);
      assert.match(result.output, /end\n$/);
      assert.ok(process.memoryUsage().rss - before < 150 * 2 ** 20, 'memory grew with the output');
      assert.ok(statSync(outputFile).size < 33 * 2 ** 20);
    });

    it('a time-out, in an endless loop and in one that ignores signals', async () => {
      for (const script of [
        'while :; do :; done',
        'trap "" TERM INT HUP; sleep 60 & wait',
        'cat /dev/zero',
      ]) {
        const result = await run(`echo begun; ${script}`, { timeoutMs: 3000 });
        assert.equal(result.timedOut, true);
        assert.equal(result.exitCode, null);
        assert.match(result.output, /^begun\n/);
      }
    });

    it('one file by size', async () => {
      const { exitCode } = await run('head -c 1G /dev/zero >big');
      assert.notEqual(exitCode, 0);
      assert.ok(statSync(path.join(worktree, 'big')).size <= 32 * 2 ** 20);
      rmSync(path.join(worktree, 'big'));
    });

    it('the worktree by its total size: what is too big can only shrink', async () => {
      const flood = 'for i in {1..200}; do head -c 30M /dev/zero >big$i || exit; sleep 0.1; done';
      const result = await run(flood);
      assert.equal(result.exitCode, null);
      assert.match(result.notes!.join('\n'), /ended: it wrote more than 64 MB/);
      assert.match(result.notes!.join('\n'), /cannot write to files/);
      const used = readdirSync(worktree).filter((name) => name.startsWith('big')).length;
      assert.ok(used * 30 < 1024, `wrote ${used * 30} MB`);
      assert.notEqual((await run('echo more >more')).exitCode, 0);
      assert.equal((await run('rm -f big* more')).exitCode, 0);
      assert.equal((await run('echo more >more && rm more')).exitCode, 0);
    });

    it('folders nested too deep to be measured, which can still be removed', async () => {
      const nest = 'd=$(printf "%0200d" 0); for i in {1..30}; do mkdir $d && cd $d; done';
      assert.match((await run(nest)).notes!.join('\n'), /folders nested without end/);
      assert.equal((await run('rm -r 0*')).notes, undefined);
    });

    it('/tmp by size, and empties it between commands', async () => {
      const { output } = await run(
        'head -c 30M /dev/zero >/tmp/x; stat -c %s /tmp/x; ls /dev/shm; echo x >/dev/shm/x',
      );
      assert.match(output, /No space left/);
      assert.match(output, /\/dev\/shm\/x: Read-only/);
      assert.equal((await run('ls -A /tmp | grep -v auton-')).output, '');
    });

    it('memory', async () => {
      const { exitCode, output } = await run(`python3 -c 'x = bytearray(3 << 30); print("allocated")'`);
      assert.notEqual(exitCode, 0);
      assert.doesNotMatch(output, /allocated/);
    });

    it('the number of processes: a fork bomb is harmless and gone at once', async () => {
      const bomb = `python3 - <<'EOF'
import os, time
count = 0
try:
    while count < 2000:
        if os.fork() == 0:
            time.sleep(30)
        count += 1
except OSError:
    print('stopped at', count)
EOF`;
      const { output } = await run(bomb);
      const count = Number(/stopped at (\d+)/.exec(output)?.[1]);
      assert.ok(count > 20 && count <= 64, output);
      const real = await run('bomb() { bomb | bomb & }; bomb; sleep 20', { timeoutMs: 1500 });
      assert.equal(real.timedOut, true);
      assert.equal((await run('echo alive')).output, 'alive\n');
    });

    it('the number of processes by counting, where uid 0 has no control group', async function () {
      if (process.getuid?.() !== 0) return skipBecause(this, 'only uid 0 can try it');
      const time = `20.${process.pid}`;
      const limits = { ...sandboxDefaults(), max_processes: 40 };
      const counting = new Bubblewrap({
        limits,
        hide: [],
        disableUserns: true,
        countProcesses: true,
        cgroups: undefined,
      });
      // Who must be found out stays until then.
      const forks = (count: number, seconds: number) =>
        counting.run({
          argv: ['bash', '-c', `for i in {1..${count}}; do sleep ${time} & done; sleep ${seconds}`],
          cwd: worktree,
          writable: [worktree],
          timeoutMs: 200_000,
        });
      assert.equal((await forks(10, 1)).exitCode, 0);
      const { exitCode, notes } = await forks(100, 60);
      assert.equal(exitCode, null);
      assert.match(notes!.join('\n'), /more than 40 processes/);
      assert.deepEqual(await processesRunning(time), []);
    });
  });

  describe('lets nothing out', () => {
    it('by writing: outside, through links, to the system, to the kernel', async () => {
      const outside = path.join(root, 'escaped');
      const { output } = await run(`
        echo x >${outside} && echo OUT
        echo x >../../escaped && echo OUT
        ln -s ${root} link; echo x >link/escaped && echo OUT; rm link
        touch /usr/escaped /etc/escaped /escaped /dev/escaped && echo OUT
        exec 5>>/proc/sys/kernel/core_pattern && echo OUT
        echo 1 >/proc/sysrq-trigger && echo OUT
        true`);
      assert.doesNotMatch(output, /OUT/);
      assert.ok(!existsSync(outside));
    });

    it('by reading: /etc/passwd, home folders, other worktrees, what lies beside it', async () => {
      const { output } = await run(`
        cat /etc/passwd /etc/shadow ${root}/secret && echo OUT
        ls /root /home /run /var /mnt /sys /boot && echo OUT
        ls -A ${root}/worktrees ${root}
        ln -s ${root}/secret link; cat link && echo OUT; rm link`);
      assert.doesNotMatch(output, /OUT|root:|planted-secret|other/);
    });

    it('by remounting, new namespaces, capabilities or device nodes', async () => {
      const { output } = await run(`
        mount -o remount,bind,rw /usr && echo OUT
        mount -t tmpfs none /usr && echo OUT
        umount /usr && echo OUT
        unshare -Ur true && echo OUT
        unshare -m true && echo OUT
        chroot / true && echo OUT
        mknod disk b 8 0 && echo OUT
        nsenter -t 1 -m true && touch /usr/x && echo OUT
        grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status`);
      assert.doesNotMatch(output, /OUT/);
      assert.match(output, /CapEff:\s0+$/m);
      assert.match(output, /NoNewPrivs:\s1$/m);
    });

    it('by files that the engine has open', async () => {
      const { output } = await run('ls /proc/self/fd');
      assert.equal(output, '0\n1\n2\n3\n');
    });

    it("by the engine's environment, in env or in /proc", async () => {
      process.env['ANTHROPIC_API_KEY'] = 'sk-planted-key';
      try {
        const { output } = await run(
          'env; cat /proc/*/environ | tr "\\0" "\\n"; cat /proc/*/cmdline | tr "\\0" " "',
        );
        assert.match(output, /HOME=/);
        assert.doesNotMatch(output, /sk-planted|ANTHROPIC/);
      } finally {
        delete process.env['ANTHROPIC_API_KEY'];
      }
    });

    it('by signals: the engine is out of reach', async () => {
      const { output } = await run(
        `kill -0 ${process.pid} && echo OUT; kill -9 -1; ls -d /proc/[0-9]* | wc -l`,
      );
      assert.doesNotMatch(output, /OUT/);
      assert.ok((await run('ls -d /proc/[0-9]* | wc -l')).output.trim().length < 2);
    });

    describe('by sockets', () => {
      let server: Server;
      let connections = 0;
      afterEach(() => server.close());

      it('to a port on loopback', async () => {
        server = createServer((socket) => {
          connections++;
          socket.destroy();
        });
        await once(server.listen(0, '127.0.0.1'), 'listening');
        const { port } = server.address() as AddressInfo;
        const { output } = await run(
          `: <>/dev/tcp/127.0.0.1/${port} && echo OUT; : <>/dev/tcp/1.1.1.1/53 && echo OUT`,
        );
        assert.doesNotMatch(output, /OUT/);
        assert.equal(connections, 0);
      });

      it('in the file system or abstract', async () => {
        const socket = path.join(root, 'engine.sock');
        server = createServer();
        await once(server.listen(socket), 'listening');
        const abstract = createServer();
        const name = `auton-test-${process.pid}`;
        await once(abstract.listen(`\0${name}`), 'listening');
        const { output } = await run(`python3 - <<'EOF'
import socket
for name in ['${socket}', '/run/dbus/system_bus_socket', '/var/run/docker.sock', '\\0${name}']:
    try:
        socket.socket(socket.AF_UNIX).connect(name)
        print('OUT', name)
    except OSError as error:
        print('refused', error.errno)
EOF`);
        abstract.close();
        assert.equal(output.match(/refused/g)?.length, 4, output);
        assert.doesNotMatch(output, /OUT/);
      });
    });

    it('by git: hooks, configuration, refs and the .git file cannot be written', async () => {
      const { output } = await run(`
        for name in hooks/post-commit config refs/heads/main HEAD worktrees/task/HEAD objects/xx; do
          echo x >>${repository}/.git/$name && echo "OUT $name"
        done
        echo x >>.git && echo OUT; rm -f .git && echo OUT; mv .git moved && echo OUT
        git commit -qam x && echo OUT; git config core.fsmonitor x && echo OUT; git branch -D agent/other && echo OUT
        true`);
      assert.doesNotMatch(output, /OUT/);
      assert.ok(!existsSync(path.join(repository, '.git/hooks/post-commit')));
    });

    it("by git: credentials in the repository's configuration do not show", async () => {
      const { output } = await run(`cat ${repository}/.git/config; git remote -v; git config --list`);
      assert.match(output, /core/);
      assert.doesNotMatch(output, /token-in-url|example\.org/);
    });

    it('by git: a repository made inside the worktree is removed', async () => {
      const result = await run(
        'git init -q sub && git -C sub config core.fsmonitor "touch /tmp/out"; mkdir -p a/.GIT',
      );
      assert.match(result.notes!.join('\n'), /Removed sub\/\.git: a repository inside/);
      assert.ok(!existsSync(path.join(worktree, 'sub/.git')) && !existsSync(path.join(worktree, 'a/.GIT')));
      assert.ok(existsSync(path.join(worktree, '.git')));
      rmSync(path.join(worktree, 'sub'), { recursive: true });
    });

    it('by git: a .git made where there was none is removed, also a link', async () => {
      const folder = path.join(root, 'bare');
      mkdirSync(folder);
      for (const script of [
        'git init -q .; head -c 1M /dev/zero >.git/x',
        'ln -s /usr .git',
        'mkdir a; mkdir a/.git; chmod 0 a',
      ]) {
        const { notes } = await run(script, { cwd: folder, writable: [folder] });
        assert.match(notes!.join('\n'), /Removed .*\.git/);
      }
      assert.deepEqual(readdirSync(folder), ['a']);
      assert.ok(existsSync('/usr/bin'));
    });

    it('by git: not by a process in the background that makes one again and again', async () => {
      const again = 'while :; do mkdir -p again/.git 2>/dev/null; done';
      for (let i = 0; i < 10; i++) {
        await run(`setsid nohup bash -c '${again}' >/dev/null 2>&1 & sleep 0.02`);
        assert.ok(!existsSync(path.join(worktree, 'again/.git')));
      }
      rmSync(path.join(worktree, 'again'), { recursive: true, force: true });
    });

    it('out of a folder that is hidden inside a readable one', async () => {
      const hidden = path.join(root, 'worktrees', 'other');
      const hiding = await realSandbox(this.ctx, {}, [
        hidden,
        path.join(root, 'secret'),
        path.join(root, 'gone'),
      ]);
      const script = `ls -A ${hidden}; cat ${root}/secret; echo x >${hidden}/x; ls ${repository}; echo fine >w; cat w`;
      const result = await hiding.run({
        ...{
          argv: ['bash', '-c', script],
          cwd: worktree,
          writable: [worktree],
          readable: [root],
          timeoutMs: 200_000,
        },
      });
      assert.doesNotMatch(result.output, /planted-secret/);
      assert.match(result.output, /kernel\.c\nfine\n$/);
      assert.deepEqual(readdirSync(hidden).sort(), ['.git', 'kernel.c']);
    });
  });

  describe('leaves nothing running', () => {
    /** A sleep that no other process does, by which its process is found. */
    let mark = 0;
    const newMark = () => `${3000 + mark++}.${process.pid}`;
    const background = (time: string) =>
      `(sleep ${time} &); setsid nohup sleep ${time} >/dev/null 2>&1 & (setsid sh -c 'trap "" HUP TERM; sleep ${time}' &);`;

    it('after a command that ended', async () => {
      const time = newMark();
      const { output, exitCode } = await run(`${background(time)} sleep 0.2; pgrep -c sleep; echo done`);
      assert.equal(exitCode, 0);
      assert.match(output, /^3\ndone\n/);
      assert.deepEqual(await processesRunning(time), []);
    });

    it('after a time-out', async () => {
      const time = newMark();
      await run(`${background(time)} sleep 60`, { timeoutMs: 500 });
      assert.deepEqual(await processesRunning(time), []);
    });

    it('after a cancellation, which it rejects with', async () => {
      const time = newMark();
      const abort = new AbortController();
      const running = run(`${background(time)} sleep 60`, { signal: abort.signal });
      await eventually(async () => (await processesRunning(time)).length > 0);
      abort.abort(new Error('stopped by the user'));
      await assert.rejects(running, /stopped by the user/);
      assert.deepEqual(await processesRunning(time), []);
    });

    it('after kill -9 of the engine', async () => {
      const time = newMark();
      const engine = spawn(
        process.execPath,
        [path.resolve('test/fixtures/run-in-sandbox.ts'), worktree, `${background(time)} sleep ${time}`],
        { stdio: 'ignore' },
      );
      await eventually(async () => (await processesRunning(time)).length >= 4);
      engine.kill('SIGKILL');
      await once(engine, 'exit');
      await eventually(async () => (await processesRunning(time)).length === 0);
    });
  });

  it('holds for an ordinary user too', async function () {
    if (process.getuid?.() !== 0) return skipBecause(this, 'only uid 0 can try it');
    const folder = path.join(root, 'ordinary');
    mkdirSync(folder, { mode: 0o777 });
    execFileSync('chown', ['65534:65534', folder]);
    execFileSync('chmod', ['755', root]);
    const script = `id -u; (for i in {1..200}; do sleep 2 & done) 2>&1 | head -c 300; cat /etc/passwd; echo x >kept; echo end`;
    const child = spawn(
      process.execPath,
      [path.resolve('test/fixtures/run-in-sandbox.ts'), folder, script, '64'],
      {
        uid: 65534,
        gid: 65534,
        cwd: folder,
        env: { PATH: process.env['PATH'] },
      },
    );
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    await once(child, 'close');
    if (/Cannot find module|EACCES/.test(output)) {
      return skipBecause(this, 'an ordinary user cannot read this checkout');
    }
    assert.match(output, /^1000\n/);
    assert.match(output, /Resource temporarily unavailable/);
    assert.match(output, /passwd: No such file/);
    assert.equal(readFileSync(path.join(folder, 'kept'), 'utf8'), 'x\n');
  });
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 200, 'it did not happen within 10 s');
    await sleep(50);
  }
}
