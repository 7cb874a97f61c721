import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { addsHeader, headerTasks, say, type AgentScript } from '../../fixtures/agent-script.ts';
import { EngineFolder, type Watched } from '../../fixtures/engine.ts';
import type { ScriptedProvider } from '../../fixtures/scripted-provider.ts';

describe('what a user asks of a run', () => {
  let place: EngineFolder;
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(() => place.close());

  const started = (task: string) => (run: Watched) =>
    run.until((event) => event.type === 'attempt.started' && event.task === task);

  /** Starts a run whose developers answer slowly enough to be interrupted. */
  async function slow(script: AgentScript): Promise<{ run: Watched; provider: ScriptedProvider }> {
    const provider = await place.provider(script);
    provider.latencyMs = () => 150;
    return { run: await place.start(), provider };
  }

  it('pause lets answers under way arrive, and continue goes on without paying for them again', async () => {
    const { run, provider } = await slow(headerTasks('one', 'two'));
    await run.until(({ type }) => type === 'model.called');
    await started('one')(run);
    await run.handle.pause();
    assert.equal(await run.handle.stopped, 'paused');
    assert.equal(run.state.status, 'paused');
    const paused = provider.calls.length;
    await assert.rejects(run.handle.pause(), /The run is paused/);
    await Promise.all([run.handle.continue(), run.handle.continue()]);
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.ok(paused > 0);
    const keys = provider.calls.map(({ role, task, attempt, turn }) => [role, task, attempt, turn].join());
    assert.equal(new Set(keys).size, keys.length, 'no call twice');
  });

  it('pause does not wait for a provider that wants to be asked again later', async () => {
    const provider = await place.provider(headerTasks('one'), { llm: { retries: 3 } });
    let isDown = true;
    provider.interfere = ({ role }) =>
      isDown && role === 'developer' ? { status: 429, message: 'later', retryAfter: 100 } : null;
    const run = await place.start();
    while (!provider.calls.some(({ role }) => role === 'developer')) await sleep(20);
    await run.handle.pause();
    assert.equal(await run.handle.stopped, 'paused');
    const failures = place.events.filter(({ type }) => type === 'model.failed');
    assert.deepEqual(failures, [], 'nothing has failed: it is asked again');
    isDown = false;
    await run.handle.continue();
    assert.equal(await run.handle.stopped, 'done', run.story());
  });

  it('a paused run is resumed by another process', async () => {
    const { run, provider } = await slow(headerTasks('one'));
    await started('one')(run);
    await run.handle.pause();
    await run.handle.shutdown();
    const again = await place.resume();
    assert.equal(await again.handle.stopped, 'done', again.story());
    assert.equal(provider.calls.filter(({ role }) => role === 'manager').length, 1);
    await assert.rejects(place.resume(), /is done/);
  });

  it('cancel ends it for good and keeps what was written', async () => {
    const { run } = await slow({
      ...headerTasks('one'),
      sessions: { 'developer one 1': addsHeader('one', say('', ['ask_user', { question: 'Go on?' }])) },
    });
    await run.until(({ type }) => type === 'question.asked');
    await run.handle.cancel();
    assert.equal(await run.handle.stopped, 'cancelled');
    await assert.rejects(run.handle.setBudget(1), /has ended/);
    await assert.rejects(run.handle.cancelTask('one'), /has ended/);
    assert.equal(place.state.status, 'cancelled');
    assert.deepEqual(place.git('branch', '--list', 'agent/*').split('\n').length, 1, 'the branch is kept');
  });

  it('a cancelled task keeps its partial diff and blocks what needs it; a retry lets both through', async () => {
    const ask = say('', ['ask_user', { question: 'Really?' }]);
    const script: AgentScript = {
      tasks: [{ id: 'one' }, { id: 'two', dependsOn: ['one'] }, { id: 'other' }],
      sessions: {
        'developer one 1': addsHeader('one', ask),
        'developer one 2': [say('Nothing more to do.')],
        'developer two 1': addsHeader('two'),
        'developer other 1': addsHeader('other', say('', ['ask_user', { question: 'Finish?' }])),
      },
    };
    await place.provider(script);
    const run = await place.start();
    await run.until((event) => event.type === 'question.asked' && event.question === 'Really?');
    await run.until((event) => event.type === 'question.asked' && event.question === 'Finish?');
    await run.handle.cancelTask('one');
    const end = await run.until((event) => event.type === 'attempt.ended' && event.task === 'one');
    assert.ok(
      end.type === 'attempt.ended' && end.outcome === 'cancelled' && end.head,
      'the partial diff is a commit',
    );
    assert.match(place.git('show', `${end.head}:one/one.h`), /one/);
    assert.deepEqual([run.task('one').state, run.task('two').state], ['cancelled', 'blocked']);
    await assert.rejects(run.handle.cancelTask('one'), /is cancelled/);

    await run.handle.retryTask('one');
    const [finish] = [...run.state.questions].filter(([, { question }]) => question === 'Finish?');
    await run.handle.answerQuestion(finish![0], 'Yes');
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(run.task('one').attempts.length, 2);
  });

  it('a skipped task is left out, and what needs it starts', async () => {
    const script: AgentScript = {
      tasks: [{ id: 'one' }, { id: 'two', dependsOn: ['one'] }],
      sessions: {
        'developer one 1': addsHeader('one', say('', ['ask_user', { question: 'Really?' }])),
        'developer two 1': addsHeader('two'),
      },
    };
    await place.provider(script);
    const run = await place.start();
    await run.until(({ type }) => type === 'question.asked');
    await run.handle.skipTask('one');
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.deepEqual([run.task('one').state, run.task('two').state], ['skipped', 'merged']);
  });

  it('retry gives a failed task a new set of attempts, also after the run has ended', async () => {
    const provider = await place.provider(headerTasks('one'), { agents: { max_attempts: 1 } });
    provider.interfere = ({ role }) => (role === 'developer' ? say('I do nothing.') : null);
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed');
    assert.match(run.task('one').reason, /changed nothing/);
    provider.interfere = ({ role, turn }) => (role === 'developer' ? addsHeader('one')[turn]! : null);
    const again = await place.resume({ prepare: (control) => control.retryTask('one') });
    assert.equal(await again.handle.stopped, 'done', again.story());
    assert.equal(again.task('one').attempts.length, 2);
  });

  it('a message reaches the agent, or whoever works on the task, once and before the next step', async () => {
    const ask = say('', ['ask_user', { question: 'Shall I?' }]);
    const { run, provider } = await slow({
      ...headerTasks('one'),
      sessions: { 'developer one 1': addsHeader('one', ask, say('', ['git_diff', {}])) },
    });
    await run.until(({ type }) => type === 'question.asked');
    const agent = run.task('one').attempts[0]!.agent;
    await run.handle.sendMessage('one', 'Prefer tabs.');
    await run.handle.sendMessage(agent, 'Be brief.');
    await assert.rejects(run.handle.sendMessage('nobody', 'Hello?'), /no agent or task nobody/);
    const [id] = [...run.state.questions.keys()];
    await run.handle.answerQuestion(id!, 'Do.');
    await assert.rejects(run.handle.answerQuestion(id!, 'Again.'), /has an answer/);
    assert.equal(await run.handle.stopped, 'done', run.story());
    const next = provider.calls.find(({ role, turn }) => role === 'developer' && turn === 2)!;
    for (const text of ['Do.', 'Prefer tabs.', 'Be brief.']) assert.ok(next.said.includes(text), next.said);
    const later = provider.calls.filter(({ role, turn }) => role !== 'developer' || turn > 2);
    assert.ok(
      later.every(({ said }) => !said.includes('Be brief.')),
      'not twice',
    );
    assert.ok(run.state.messages.every(({ delivered }) => delivered));
  });

  it('an answer given while nobody worked is there when the run goes on', async () => {
    const { run } = await slow({
      ...headerTasks('one'),
      sessions: { 'developer one 1': addsHeader('one', say('', ['ask_user', { question: 'Shall I?' }])) },
    });
    await run.until(({ type }) => type === 'question.asked');
    await run.handle.pause();
    await run.handle.answerQuestion([...run.state.questions.keys()][0]!, 'Do.');
    await run.handle.shutdown();
    const again = await place.resume();
    assert.equal(await again.handle.stopped, 'done', again.story());
    assert.equal(again.state.questions.size, 1, 'and is not asked for twice');
  });

  it('nothing that makes no sense', async () => {
    const { run } = await slow(headerTasks('one'));
    await started('one')(run);
    await assert.rejects(run.handle.retryTask('one'), /Task one is/);
    await assert.rejects(run.handle.skipTask('nothing'), /no task nothing/);
    await assert.rejects(run.handle.continue(), /not paused/);
    await assert.rejects(run.handle.setBudget(-1), /not an amount/);
    await assert.rejects(run.handle.answerQuestion('q', 'a'), /no question q/);
    await assert.rejects(place.start(), /Another AUTON engine/);
    await assert.rejects(place.resume(), /Another AUTON engine/);
    assert.equal(await run.handle.stopped, 'done', run.story());
    await assert.rejects(run.handle.skipTask('one'), /has ended/);
  });
});
