import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../src/protocol/errors.ts';
import { eventLogFile, findRun } from '../../../src/run/runs.ts';
import { addsHeader, headerTasks, say } from '../../fixtures/agent-script.ts';
import { EngineFolder } from '../../fixtures/engine.ts';
import { skipBecause } from '../../fixtures/real-sandbox.ts';

describe('a run in a place that is not as it should be', () => {
  let place: EngineFolder;
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(() => place.close());

  /** A run that is paused in the middle of a task. */
  async function paused(): Promise<void> {
    const provider = await place.provider({
      ...headerTasks('one'),
      sessions: { 'developer one 1': addsHeader('one', say('', ['ask_user', { question: 'Go on?' }])) },
    });
    const run = await place.start();
    await run.until(({ type }) => type === 'question.asked');
    await run.handle.pause();
    await run.handle.answerQuestion([...run.state.questions.keys()][0]!, 'Yes');
    await run.handle.shutdown();
    assert.ok(provider.calls.length > 0);
  }

  it('a torn event log: the torn line is cut off', async () => {
    await paused();
    const log = eventLogFile(place.folder, findRun(place.folder));
    appendFileSync(log, '{"seq":999,"at":"2026-01-01T00:00:00.000Z","type":"task.st');
    const run = await place.resume();
    assert.equal(await run.handle.stopped, 'done', run.story());
  });

  it('a damaged event log: refused, with the line and what to do', async () => {
    await paused();
    const log = eventLogFile(place.folder, findRun(place.folder));
    const lines = readFileSync(log, 'utf8').split('\n');
    writeFileSync(log, [...lines.slice(0, 3), 'rubbish', ...lines.slice(4)].join('\n'));
    await assert.rejects(place.resume(), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(`${error.message} ${error.remedy}`, /Line 4 of .*events\.jsonl is damaged.*backup/);
      return true;
    });
  });

  it('a torn transcript: the answer before it is not paid for again', async () => {
    await paused();
    const file = join(
      place.folder,
      '.auton',
      'runs',
      findRun(place.folder),
      'sessions',
      'one.1.developer.jsonl',
    );
    appendFileSync(file, '{"kind":"tool_result","turn":1,"te');
    const run = await place.resume();
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(place.answered.get('one.1.developer'), 3);
  });

  it('another run in between: one that was paused still finds its work where it was', async () => {
    await paused();
    const first = findRun(place.folder);
    const other = await place.play(headerTasks('two'));
    assert.equal(await other.handle.stopped, 'done', other.story());
    place.git('rev-parse', '--verify', 'refs/heads/agent/developer-1/one');
    const run = await place.resume({ run: first });
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(run.task('one').attempts.length, 1);
    await assert.rejects(place.resume({ run: first }), /is done/);
  });

  it('a full disk: says so, loses nothing, and goes on when there is room', async function () {
    const state = join(place.folder, '.auton');
    mkdirSync(state);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', state], { stdio: 'pipe' });
    } catch (error) {
      skipBecause(this, `a small file system cannot be mounted here: ${String(error).split('\n', 1)[0]}`);
    }
    const filler = join(state, 'filler');
    try {
      const provider = await place.provider({
        ...headerTasks('one'),
        sessions: { 'developer one 1': addsHeader('one', say('', ['ask_user', { question: 'Go on?' }])) },
      });
      const run = await place.start();
      const asked = await run.until(({ type }) => type === 'question.asked');
      fill(filler);
      const answered = run.handle.answerQuestion(asked.type === 'question.asked' ? asked.id : '', 'Yes');
      const refusal = await answered.then(
        () => run.handle.stopped,
        (error: unknown) => error,
      );
      if (refusal instanceof Error) assert.match(refusal.message, /cannot be written: ENOSPC/);
      else assert.equal(refusal, 'paused', run.story());
      await run.handle.shutdown().catch(() => undefined);
      const calls = provider.calls.length;
      unlinkSync(filler);

      const again = await place.resume();
      for (const [id, { answer }] of again.state.questions)
        if (!answer) await again.handle.answerQuestion(id, 'Yes');
      assert.equal(await again.handle.stopped, 'done', again.story());
      const repeated = provider.calls
        .slice(calls)
        .filter(({ role, turn }) => role === 'developer' && turn < 2);
      assert.deepEqual(repeated, []);
      await again.handle.shutdown();
    } finally {
      execFileSync('umount', ['-l', state]);
    }
  });

  it('a workspace that is not clean: says so, and leaves the changes alone', async () => {
    writeFileSync(join(place.workspace, 'alpha', 'alpha.c'), 'mine\n');
    writeFileSync(join(place.workspace, 'new.txt'), 'mine too\n');
    const run = await place.play(headerTasks('one'));
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.match(run.state.notices.map(({ text }) => text).join('\n'), /2 files with uncommitted changes/);
    assert.equal(place.git('status', '--porcelain'), 'M alpha/alpha.c\n?? new.txt');
    assert.equal(readFileSync(join(place.workspace, 'alpha', 'alpha.c'), 'utf8'), 'mine\n');
  });

  it('a branch of the name exists: it is not touched, another name is taken', async () => {
    for (const agent of [1, 2, 3, 4]) place.git('branch', `agent/developer-${agent}/one`);
    const before = place.git('for-each-ref', 'refs/heads/agent');
    const run = await place.play(headerTasks('one'));
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.match(run.task('one').attempts[0]!.branch, /^agent\/developer-\d\/one-2$/);
    assert.equal(place.git('for-each-ref', 'refs/heads/agent'), before);
  });

  it('a branch is in the way of all names: pauses, and names the setting', async () => {
    place.git('branch', 'agent');
    const run = await place.play(headerTasks('one'));
    assert.equal(await run.handle.stopped, 'paused');
    assert.match(run.state.statusMessage, /workspace\.branch_prefix/);
  });

  it('a folder that is no repository: refused before anything is written', async () => {
    const other = join(place.folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'file'), 'x');
    place.configure({ workspace: { path: 'other' } });
    await assert.rejects(place.play(headerTasks('one')), /not a git repository/);
    await assert.rejects(place.resume(), /There are no runs/);
    place.configure({});
    const run = await place.play(headerTasks('one'));
    assert.equal(await run.handle.stopped, 'done', 'the lock was given back');
  });

  it('git is missing: refused, with how to install it', async () => {
    const bin = join(place.folder, 'bin');
    mkdirSync(bin);
    for (const name of ['bwrap', 'sh', 'bash', 'env'])
      symlinkSync(
        execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
        join(bin, name),
      );
    const path = process.env['PATH'];
    process.env['PATH'] = bin;
    try {
      await assert.rejects(place.play(headerTasks('one')), (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(`${error.message} ${error.remedy}`, /git.*[Ii]nstall/);
        return true;
      });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('a compiler is missing: refused before an agent is paid for', async () => {
    place.configure({ kernel: { cc: 'no-such-compiler' } });
    await assert.rejects(place.play(headerTasks('one')), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, /no-such-compiler was not found/);
      return true;
    });
    assert.ok(!existsSync(join(place.folder, '.auton', 'runs')), 'no run began');
  });

  it('the user works on while the agents do: the branch that moved is merged with, not overwritten', async () => {
    const provider = await place.provider(headerTasks('one'));
    const run = await place.start();
    let moved = '';
    provider.interfere = ({ role }) => {
      if (role === 'reviewer' && moved === '') {
        moved = place.git(
          'commit-tree',
          '-p',
          run.state.targetBranch,
          '-m',
          'Mine',
          `${run.state.targetBranch}^{tree}`,
        );
        place.git('update-ref', `refs/heads/${run.state.targetBranch}`, moved);
      }
      return null;
    };
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.doesNotThrow(() => place.git('merge-base', '--is-ancestor', moved, run.state.targetBranch));
  });
});

/** Leaves no room at all. */
function fill(file: string): void {
  for (const size of [1 << 20, 1 << 14, 1 << 10, 64, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch {
      // smaller pieces may still fit
    }
  }
}
