import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryConnect } from '../../../src/engine/client.ts';
import { addsHeader, headerTasks, say } from '../../fixtures/agent-script.ts';
import { EngineFolder, GOAL, SECRET } from '../../fixtures/engine.ts';
import { cli, Engines, Follower, isAlive, until } from '../../fixtures/engine-process.ts';

describe('commands and an engine', () => {
  let place: EngineFolder;
  const engines = new Engines();
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(async () => {
    await engines.end();
    await place.close();
  });

  const auton = (...args: string[]) => cli(place.folder, args, place.env);
  /** As an editor starts it: without the keys of the user's terminal. */
  const start = () => {
    const { ANTHROPIC_API_KEY: _, ...env } = place.env;
    return engines.ensure(place.folder, { env });
  };

  it('run works in the engine that is there, with the keys of its own terminal', async () => {
    const provider = await place.provider(headerTasks('one', 'two'));
    const engine = await start();
    const editor = new Follower(engine);
    engine.onRunStarted(() => void editor.follow());
    const { code, output } = await auton('run', GOAL).ended;
    assert.equal(code, 0, output);
    assert.match(output, /merged as [\s\S]*2 tasks are on auton\/main and every gate passed/);
    assert.equal(await editor.outcome(), 'done', 'the editor saw it as well');
    assert.deepEqual([...new Set(provider.calls.map(({ key }) => key))], [SECRET]);
    assert.ok(isAlive(engine.pid));
    assert.equal(place.events.filter(({ type }) => type === 'run.resumed').length, 0);
  });

  it('Ctrl-C pauses the run in the engine, and resume goes on there', async () => {
    const provider = await place.provider(headerTasks('one'));
    provider.latencyMs = () => 200;
    const engine = await start();
    const run = auton('run', GOAL);
    await until(() => provider.calls.length > 1, `it does not work: ${run.output()}`);
    run.child.kill('SIGINT');
    const { code, output } = await run.ended;
    assert.equal(code, 130, output);
    assert.equal(place.state.status, 'paused');
    const again = await auton('resume').ended;
    assert.equal(again.code, 0, again.output);
    const resumed = place.events.find((event) => event.type === 'run.resumed');
    assert.ok(resumed?.type === 'run.resumed' && resumed.pid === engine.pid);
  });

  it('say what is wrong as if the run were their own', async () => {
    await place.provider(headerTasks('one'));
    await start();
    const { code, output } = await auton('run', GOAL, '--playbook', 'nowhere').ended;
    assert.equal(code, 2, output);
    assert.match(output, /nowhere/);
    const missing = await auton('pause').ended;
    assert.equal(missing.code, 1);
    assert.match(missing.output, /No run is active/);
  });

  it('tell when the engine dies under them', async () => {
    const provider = await place.provider(headerTasks('one'));
    provider.latencyMs = ({ role }) => (role === 'developer' ? 600_000 : 0);
    const engine = await start();
    const run = auton('run', GOAL);
    await until(() => /planned/.test(run.output()), `it does not follow the run: ${run.output()}`);
    process.kill(engine.pid, 'SIGKILL');
    const { code, output } = await run.ended;
    assert.equal(code, 1, output);
    assert.match(output, /engine that worked on the run .* is gone[\s\S]*resume/);
    provider.latencyMs = () => 0;
    const again = await auton('resume').ended;
    assert.equal(again.code, 0, again.output);
  });

  it('host a run that an editor can attach to, follow and steer', async () => {
    const ask = say('', ['ask_user', { question: 'Shall I?' }]);
    await place.provider({
      ...headerTasks('one'),
      sessions: { 'developer one 1': addsHeader('one', ask) },
    });
    const run = auton('run', GOAL);
    await until(() => /asks: Shall I/.test(run.output()), `it does not ask: ${run.output()}`);
    const editor = await engines.connect(place.folder);
    assert.equal(editor.pid, run.child.pid);
    const follower = await new Follower(editor).follow();
    await assert.rejects(editor.startRun({ goal: GOAL }), /is active in this folder/);
    const [id] = [...follower.state.questions.keys()];
    await editor.answerQuestion(id!, 'Do.');
    assert.equal(await follower.outcome(), 'done', follower.story());
    assert.equal((await run.ended).code, 0, run.output());
    assert.equal(await tryConnect(place.folder), null);
  });

  it('approve what waits for the user, in the engine', async () => {
    await place.provider(headerTasks('one'), { workflow: { approval: 'user' } });
    const engine = await start();
    await engine.setKeys({ anthropic: SECRET });
    const follower = new Follower(engine);
    await engine.startRun({ goal: GOAL });
    await follower.follow();
    await follower.event(({ type }) => type === 'review.awaits_user', 'the wait');
    const refused = await auton('task', 'reject', 'one', '--comment', '').ended;
    assert.match(refused.output, /Nothing says what should change/);
    const approved = await auton('task', 'approve', 'one', '--comment', 'one/one.h:1: Fine.').ended;
    assert.equal(approved.code, 0, approved.output);
    assert.equal(await follower.outcome(), 'done', follower.story());
    assert.deepEqual(follower.state.tasks.get('one')?.reviews.at(-1)?.review, {
      verdict: 'approve',
      summary: 'Approved.',
      comments: [{ file: 'one/one.h', line: 1, message: 'Fine.' }],
    });
  });

  it('clean removes what no task needs, and nothing that is nowhere else', async () => {
    const provider = await place.provider(headerTasks('one', 'two'), { agents: { max_attempts: 1 } });
    provider.interfere = ({ role, task }) =>
      role === 'reviewer' && task === 'two'
        ? say('No.', [
            'submit_review',
            { verdict: 'request_changes', summary: 'No.', comments: [{ file: 'a', line: 1, message: 'b' }] },
          ])
        : null;
    assert.equal((await auton('run', GOAL).ended).code, 1);
    const worktrees = join(place.folder, '.auton', 'worktrees');
    const kept = () => readdirSync(worktrees).filter((name) => !name.startsWith('.'));
    assert.deepEqual(kept(), ['two'], 'a merged one goes by itself');
    const running = await auton('clean').ended;
    assert.match(running.output, /^0 worktrees removed[\s\S]*kept .*two: two is failed in /);
    assert.equal((await auton('cancel').ended).code, 0);
    const engine = await start();
    assert.deepEqual(await engine.cleanWorktrees(), {
      removed: [],
      kept: [
        {
          path: join(worktrees, 'two'),
          reason: 'agent/developer-2/two has commits that auton/main does not have',
        },
      ],
    });
    place.git('branch', '-f', 'auton/main', 'agent/developer-2/two');
    writeFileSync(join(worktrees, 'two', 'late.h'), '#pragma once\n');
    const changed = await engine.cleanWorktrees();
    assert.deepEqual(changed.kept, [
      { path: join(worktrees, 'two'), reason: 'it has changes that are not committed' },
    ]);
    place.git('-C', join(worktrees, 'two'), 'clean', '-qfd');
    const { code, output } = await auton('clean', '--json').ended;
    assert.equal(code, 0, output);
    assert.deepEqual(JSON.parse(output), { removed: [join(worktrees, 'two')], kept: [] });
    assert.equal(existsSync(join(worktrees, 'two')), false);
    assert.equal(place.git('branch', '--list', 'agent/*'), '');
  });
});
