import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUTON } from '../../fixtures/program.ts';
import { missingTools } from '../../fixtures/tools.ts';
import { runEventSchema } from '../../../src/protocol/schema/events.ts';

const GOAL = 'Build a mini kernel whose gamma and delta subsystems clash';

describe('auton', () => {
  let folder: string;
  const env = { ...process.env, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-cli-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function auton(...args: string[]) {
    return typing('', ...args);
  }

  function typing(input: string, ...args: string[]) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [AUTON, ...args], {
      cwd: folder,
      env,
      encoding: 'utf8',
      input,
    });
    return { stdout, stderr, status };
  }

  function start(...args: string[]): ChildProcess & { text: string } {
    const child = spawn(process.execPath, [AUTON, ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = Object.assign(child, { text: '' });
    child.stdout.on('data', (bytes: Buffer) => (running.text += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (running.text += bytes.toString()));
    return running;
  }

  async function until(child: { text: string; exitCode: number | null }, pattern: RegExp): Promise<void> {
    while (!pattern.test(child.text)) {
      assert.equal(child.exitCode, null, `it ended before ${String(pattern)}:\n${child.text}`);
      await new Promise((wake) => setTimeout(wake, 20));
    }
  }

  describe('without a run', () => {
    it('suggests the command that was meant, with exit code 2', () => {
      const { stderr, status } = auton('stauts');
      assert.equal(status, 2);
      assert.match(stderr, /Did you mean status\?/);
    });

    const usage: [string, string[], RegExp][] = [
      ['an option that does not exist', ['status', '--colour'], /unknown option '--colour'/],
      ['an architecture that does not exist', ['run', 'x', '--arch', 'sparc'], /x86_64, aarch64, riscv64/],
      ['a run without a goal', ['run'], /missing required argument 'goal'/],
      ['an empty goal', ['run', ' '], /The goal is empty/],
      [
        'a model and a playbook',
        ['run', 'x', '--model', 'a/b', '--playbook', 'c'],
        /either a model or a playbook/,
      ],
      ['a budget that is no number', ['budget', 'lots'], /amount in US dollars/],
      ['a time-out of nothing', ['validate', '--timeout', '0'], /number of seconds above 0/],
      ['a key that does not exist', ['config', 'get', 'llm.modle'], /llm\.model/],
    ];
    for (const [what, args, message] of usage) {
      it(`refuses ${what} with exit code 2`, () => {
        const { stderr, status } = auton(...args);
        assert.equal(status, 2, stderr);
        assert.match(stderr, message);
      });
    }

    const remedies: [string[], RegExp][] = [
      [['status'], /There are no runs[\s\S]* run "<goal>"`/],
      [['resume'], /There are no runs[\s\S]* run "<goal>"`/],
      [['pause'], /No run is active[\s\S]* resume`/],
    ];
    for (const [args, message] of remedies) {
      it(`says what to do when there is nothing to ${args[0]}`, () => {
        const { stderr, status } = auton(...args);
        assert.equal(status, 1);
        assert.match(stderr, message);
      });
    }

    it('advises commands as they can be typed here', () => {
      const { stderr } = auton('status');
      assert.match(stderr, /`(auton|node \S*(main\.ts|auton\.mjs)) run "<goal>"`/);
    });

    it('shows every command and its options', () => {
      const { stdout, status } = auton('--help');
      assert.equal(status, 0);
      for (const name of ['run', 'resume', 'status', 'logs', 'report', 'kernel', 'doctor']) {
        assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
        assert.equal(auton(name, '--help').status, 0);
      }
    });

    it('finds a model of a provider that does not exist when it checks the configuration', () => {
      assert.equal(auton('config', 'set', 'agents.models.reviewer', 'opnai/gpt-6-sol').status, 0);
      const { stderr, status } = auton('config', 'check');
      assert.equal(status, 2);
      assert.match(stderr, /"opnai\/gpt-6-sol"[\s\S]*openai\/gpt-6-sol/);
    });

    it('changes one key of the configuration and reads it back', () => {
      assert.equal(auton('config', 'set', 'llm.cost.max_cost_usd', '7').status, 0);
      assert.equal(auton('config', 'get', 'llm.cost.max_cost_usd').stdout.trim(), '7');
      assert.match(auton('config', 'check').stdout, /valid/);
      assert.match(readFileSync(join(folder, 'auton.toml'), 'utf8'), /max_cost_usd = 7/);
    });
  });

  describe('with a run', () => {
    before(function () {
      const missing = missingTools([
        'qemu-system-x86_64',
        'make',
        'gcc',
        'ld',
        'bwrap',
        'grub-mkrescue',
        'xorriso',
        'mformat',
        'git',
      ]);
      if (missing.length === 0) return;
      console.log(`skipped: ${missing.join(', ')} not found`);
      this.skip();
    });

    it('works for each architecture in turn, up to one that cannot be', () => {
      const { stdout, stderr, status } = auton('run', GOAL, '--playbook', 'clash', '--arch', 'all', '--json');
      assert.equal(status, 2, stderr);
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => runEventSchema.parse(JSON.parse(line)));
      const started = events.flatMap((event) => (event.type === 'run.started' ? [event.arch] : []));
      assert.deepEqual(started, ['x86_64']);
      assert.equal(events.at(-1)?.type, 'run.finished');
      assert.match(stderr, /does not cover aarch64/); // the recording is one of x86_64
    });

    it('works to the end and can be looked at from every side', () => {
      const { stdout, stderr, status } = auton('run', GOAL, '--playbook', 'clash', '--json');
      assert.equal(status, 0, stderr + stdout.slice(-2000));
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => runEventSchema.parse(JSON.parse(line)));
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1),
      );
      assert.equal(events.at(-1)?.type, 'run.finished');

      assert.match(auton('status').stdout, /done[\s\S]*playbook, no model/);
      assert.match(auton('tasks').stdout, /delta\s+merged/);
      assert.match(auton('agents').stdout, /developer-4/);
      assert.match(auton('runs').stdout, /5\/5/);
      assert.match(auton('logs', '--task', 'delta').stdout, /merged as/);
      assert.match(auton('diff', 'alpha', '--stat').stdout, /alpha\/alpha\.c/);
      assert.match(
        auton('debug', '--agent', 'reviewer', '--task', 'core').stdout,
        /System prompt[\s\S]*submit_review[\s\S]*approved/,
      );
      assert.match(auton('debug').stderr, /--agent developer --task core/);
      assert.match(auton('kernel', 'chat', 'help').stdout, /\w/);
      const files = auton('report').stdout.trim().split('\n');
      assert.equal(files.length, 2);
      for (const file of files) assert.match(readFileSync(join(folder, file), 'utf8'), /delta/);
      assert.match(auton('resume').stderr, /is done/);
    });

    it('pauses on Ctrl-C with exit code 130, and resumes', async () => {
      const run = start('run', GOAL, '--playbook', 'clash');
      await until(run, /core +merged as/);
      run.kill('SIGINT');
      const [code] = (await once(run, 'close')) as [number];
      assert.equal(code, 130, run.text);
      assert.match(run.text, /Paused[\s\S]*resume/);
      assert.match(auton('status').stdout, /paused/);
      assert.equal(existsSync(join(folder, '.auton', 'engine.sock')), false);

      const { stdout, status } = auton('resume');
      assert.equal(status, 0, stdout);
      assert.match(stdout, /5 tasks merged/);
    });

    it('pauses when what reads its lines goes away', async () => {
      const run = start('run', GOAL, '--playbook', 'clash');
      await until(run, /core +merged as/);
      const closed = once(run, 'exit');
      run.stdout?.destroy();
      const [code] = (await closed) as [number];
      assert.equal(code, 130);
      assert.match(auton('status').stdout, /paused/);
    });

    it('is watched and paused from another process', async () => {
      const run = start('run', GOAL, '--playbook', 'clash');
      await until(run, /planned 5 tasks/);
      const watcher = start('logs', '--follow');
      assert.match(auton('status').stdout, new RegExp(`running in process ${run.pid}`));
      assert.match(auton('message', 'delta', 'Mind the vector.').stdout, /reads it/);
      assert.match(auton('run', 'another goal', '--playbook', 'clash').stderr, /\w/);
      assert.equal(auton('pause').status, 0);
      const [code] = (await once(run, 'close')) as [number];
      assert.equal(code, 130, run.text);
      if (watcher.exitCode === null) await once(watcher, 'close');
      assert.match(watcher.text, /Mind the vector\.[\s\S]*paused/);
    });

    it('is cancelled after it was killed, and says so', async () => {
      const run = start('run', GOAL, '--playbook', 'clash');
      await until(run, /core +merged as/);
      run.kill('SIGKILL');
      await once(run, 'close');
      assert.match(auton('status').stdout, /interrupted[\s\S]*resume/);
      const { stdout, status } = auton('cancel');
      assert.equal(status, 0, stdout);
      assert.match(stdout, /Cancelled\. Everything merged so far stays merged\./);
      assert.match(auton('status').stdout, /cancelled/);
    });

    it('takes a Ctrl-C that npm passes on a second time for one', async () => {
      const run = start('run', GOAL, '--playbook', 'clash');
      await until(run, /core +merged as/);
      run.kill('SIGINT');
      run.kill('SIGINT');
      await once(run, 'close');
      assert.match(run.text, /Paused/);
      assert.doesNotMatch(run.text, /Stopped at once/);
    });

    it('has a kernel tell other programs what it printed while it booted and what it answered, and switch itself off', function () {
      this.timeout(900_000); // It is the whole reference kernel, which is built for this.
      const booted = JSON.parse(auton('kernel', 'chat', '--json').stdout) as { log: string; answer: null };
      assert.match(booted.log, /\n/);
      assert.equal(booted.answer, null);
      const asked = JSON.parse(auton('kernel', 'chat', '--json', '--', 'help').stdout) as { answer: string };
      assert.match(asked.answer, /\w/);
      assert.doesNotMatch(asked.answer, /auton> /);

      const { stdout, stderr, status } = typing('help\npoweroff\nare you there?\n', 'kernel', 'chat');
      assert.equal(status, 0, stderr);
      assert.match(stdout, /poweroff[\s\S]*The machine is off\.\n$/);
    });

    it('leaves at once on the second Ctrl-C, and nothing is lost', async () => {
      const run = start('run', GOAL, '--playbook', 'clash');
      await until(run, /core +merged as/);
      const closed = once(run, 'close');
      run.kill('SIGINT');
      await until(run, /Pausing/);
      await new Promise((later) => setTimeout(later, 150)); // sooner it is taken for an echo of the first
      run.kill('SIGINT');
      const [code, signal] = (await closed) as [number | null, string | null];
      // One that was through with pausing just before is ended by the signal itself: to a shell the same.
      assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}\n${run.text}`);
      assert.equal(auton('resume').status, 0);
    });
  });
});
