import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addsHeader, headerTasks, say, write, type AgentScript } from '../../fixtures/agent-script.ts';
import { EngineFolder, type Watched } from '../../fixtures/engine.ts';
import { startedEvent } from '../../fixtures/events.ts';

/** A developer that writes something, and then does `step` for ever. */
function forever(step: (turn: number) => ReturnType<typeof say>): AgentScript {
  const steps = Array.from({ length: 60 }, (_, turn) => step(turn));
  const sessions = Object.fromEntries(
    [1, 2, 3].map((attempt) => [
      `developer one ${attempt}`,
      [say('Begun.', write('one/begun.h', `#pragma once\n/* ${attempt} */\n`)), ...steps],
    ]),
  );
  return { tasks: [{ id: 'one' }], sessions };
}

/** Never the same twice, so that it counts as progress. */
const busily = (turn: number) => say('', write('one/turns.h', `#pragma once\n#define TURNS ${turn}\n`));

describe('the limits of a run', () => {
  let place: EngineFolder;
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(() => place.close());

  /** Every attempt that a limit ended left its partial diff in a commit. */
  function assertKept(run: Watched): void {
    for (const { head, number } of run.task('one').attempts) {
      assert.ok(head, `attempt ${number} left no commit`);
      assert.match(place.git('show', `${head}:one/begun.h`), new RegExp(`/\\* ${number} \\*/`));
    }
  }

  it('money: the run pauses before the call that could break the limit, and goes on when it is raised', async () => {
    const cost = { max_cost_usd: 0.05, warn_at_usd: 0.01 };
    const provider = await place.provider(headerTasks('one'), { llm: { cost } });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'paused', run.story());
    const paused = run.events.findLast((event) => event.type === 'run.paused');
    assert.equal(paused?.reason, 'budget');
    assert.match(paused.message, /spent \$0\.0\d+ of \$0\.0500.*auton budget/);
    assert.ok(run.state.spentUsd > 0.01 && run.state.spentUsd <= 0.05, String(run.state.spentUsd));
    assert.equal(run.events.filter(({ type }) => type === 'budget.warned').length, 1, 'one warning');
    const before = provider.calls.length;

    await run.handle.setBudget(1);
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(provider.calls.length, before + 2, 'only what was missing is paid for');
  });

  it('money: agents that call at the same time do not break the limit together', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const provider = await place.provider(headerTasks(...ids), { llm: { cost: { max_cost_usd: 0.1 } } });
    provider.latencyMs = () => 50;
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'paused');
    assert.ok(run.state.spentUsd <= 0.1, `${run.state.spentUsd} was spent`);
  });

  it('money of a task: it fails, what it wrote is kept, and the others go on', async () => {
    const script = { ...forever(busily), tasks: [{ id: 'one' }, { id: 'two' }] };
    script.sessions['developer two 1'] = addsHeader('two');
    await place.provider(script, { llm: { cost: { per_task_usd: 0.1 } } });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed', run.story());
    assert.deepEqual([run.task('one').state, run.task('two').state], ['failed', 'merged']);
    assert.match(run.task('one').reason, /llm\.cost\.per_task_usd = \$0\.10/);
    assert.ok(run.task('one').spentUsd <= 0.1);
    assert.equal(run.task('one').attempts.length, 1, 'attempts share the budget');
    assertKept(run);
  });

  it('money of a day: what other runs of the folder spent today counts', async () => {
    const other = join(place.folder, '.auton', 'runs', '20200101-000000-aaaa');
    mkdirSync(other, { recursive: true });
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
    const at = new Date().toISOString();
    const session = { session: 'plan.1.manager', agent: 'manager-1' };
    const events = [
      startedEvent(),
      { type: 'session.started', ...session, role: 'manager', task: 'plan', transcript: 'x' },
      { type: 'model.answered', ...session, turn: 0, usage, costUsd: 4.99, durationMs: 1 },
    ].map((event, index) => JSON.stringify({ seq: index + 1, at, ...event }));
    writeFileSync(join(other, 'events.jsonl'), `${events.join('\n')}\n`);
    const provider = await place.provider(headerTasks('one'), { llm: { cost: { daily_budget_usd: 5 } } });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'paused');
    assert.match(run.state.statusMessage, /Today's runs have spent \$4\.99 of \$5\.00 a day/);
    assert.equal(provider.calls.length, 0);
    await run.handle.shutdown();

    place.configure({
      llm: { model: 'anthropic/claude-sonnet-4-6', max_tokens: 1000, endpoints: { anthropic: provider.url } },
    });
    const again = await place.resume();
    assert.equal(await again.handle.stopped, 'done', again.story());
  });

  it('a price that is not known is shown as unknown, and stops nothing', async () => {
    await place.provider(headerTasks('one'), {
      llm: { model: 'anthropic/not-on-any-list', cost: { max_cost_usd: 0 } },
    });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(run.state.unpricedCalls, 4);
    assert.ok(run.events.every((event) => event.type !== 'model.answered' || event.costUsd === null));
  });

  it('turns', async () => {
    await place.provider(forever(busily), { agents: { max_turns: 4, max_attempts: 2 } });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed');
    assert.deepEqual(
      run.task('one').attempts.map(({ outcome }) => outcome),
      ['turn_limit', 'turn_limit'],
    );
    assert.match(run.task('one').reason, /all of its 4 turns/);
    assertKept(run);
  });

  it('tokens of a task', async () => {
    await place.provider(forever(busily), { agents: { max_tokens_per_task: 7000 } });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed');
    assert.deepEqual(
      run.task('one').attempts.map(({ outcome }) => outcome),
      ['token_limit'],
    );
    assert.match(run.task('one').reason, /7000 tokens \(agents\.max_tokens_per_task\)/);
    assertKept(run);
  });

  it('wall time, also while a command runs', async () => {
    await place.provider(
      forever(() => say('', ['shell', { command: 'sleep 60' }])),
      {
        agents: { max_minutes: 0.02, max_attempts: 1 },
      },
    );
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed');
    assert.deepEqual(
      run.task('one').attempts.map(({ outcome }) => outcome),
      ['time_limit'],
    );
    assertKept(run);
  });

  it('no progress: one nudge, then the attempt ends', async () => {
    const provider = await place.provider(
      forever(() => say('', ['read_file', { path: 'Makefile' }])),
      {
        agents: { max_attempts: 1 },
      },
    );
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed');
    assert.deepEqual(
      run.task('one').attempts.map(({ outcome }) => outcome),
      ['no_progress'],
    );
    assert.equal(run.events.filter(({ type }) => type === 'agent.nudged').length, 1);
    const nudge = provider.calls.find(({ said }) => said.includes('You are not making progress'));
    assert.equal(nudge?.turn, 5, 'after the same thing 4 times');
    assert.equal(provider.calls.filter(({ role }) => role === 'developer').length, 9);
    assertKept(run);
  });

  it('words without deeds: three reminders, then the attempt ends', async () => {
    const provider = await place.provider(headerTasks('one'), { agents: { max_attempts: 2 } });
    provider.interfere = ({ role }) => (role === 'manager' ? say('I will think about it.') : null);
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed');
    assert.match(run.state.statusMessage, /proposed no tasks in 2 attempts.*three reminders/);
    assert.equal(provider.calls.length, 8);
  });

  it('a provider that fails pauses the run, and the attempt goes on where it was', async () => {
    const provider = await place.provider(headerTasks('one'));
    provider.interfere = ({ role, turn }) =>
      role === 'developer' && turn === 1 ? { status: 401, message: 'invalid x-api-key' } : null;
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'paused', run.story());
    assert.match(run.state.statusMessage, /key/i);
    assert.equal(run.task('one').attempts[0]?.outcome, null);
    provider.interfere = () => null;
    await run.handle.continue();
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(run.task('one').attempts.length, 1);
  });
});
