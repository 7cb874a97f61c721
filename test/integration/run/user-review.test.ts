import assert from 'node:assert/strict';
import { foldEvents } from '../../../src/protocol/fold.ts';
import type { Review } from '../../../src/protocol/review.ts';
import {
  addsHeader,
  headerTasks,
  requestChange,
  say,
  type AgentScript,
} from '../../fixtures/agent-script.ts';
import { EngineFolder, type Watched } from '../../fixtures/engine.ts';

const yes: Review = { verdict: 'approve', summary: 'I like it.', comments: [] };
const no: Review = {
  verdict: 'request_changes',
  summary: 'Not yet.',
  comments: [{ file: 'one/one.h', line: 1, message: 'Say why.' }],
};

/** The second attempt does something as well. */
const TWICE: AgentScript = {
  ...headerTasks('one'),
  sessions: {
    'developer one 1': addsHeader('one'),
    'developer one 2': [
      say('', ['write_file', { path: 'one/why.h', content: '#pragma once\n/* why */\n' }]),
      say('Said why.'),
    ],
  },
};

describe("the user's own review", () => {
  let place: EngineFolder;
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(() => place.close());

  const inState = (run: Watched, state: string) =>
    run.until((event) => event.type === 'task.state' && event.task === 'one' && event.state === state);
  const waits = (run: Watched) => run.until(({ type }) => type === 'review.awaits_user');
  const byUser = { workflow: { approval: 'user' } };

  describe('asked for by workflow.approval', () => {
    it("is waited for after the reviewer's, and lets the task through", async () => {
      await place.provider(headerTasks('one'), byUser);
      const run = await place.start();
      await waits(run);
      assert.deepEqual([run.task('one').state, run.task('one').awaitingUser], ['review', true]);
      await run.handle.reviewTask('one', yes);
      assert.equal(await run.handle.stopped, 'done', run.story());
      const { reviews, awaitingUser } = run.task('one');
      assert.deepEqual(
        reviews.map(({ agent, attempt }) => [agent, attempt]),
        [
          ['reviewer-1', 1],
          ['user', 1],
        ],
      );
      assert.equal(awaitingUser, false);
    });

    it('survives an engine that ends while it waits, without a second review', async () => {
      const provider = await place.provider(headerTasks('one'), byUser);
      const run = await place.start();
      await waits(run);
      await run.handle.shutdown();
      assert.equal(foldEvents(place.events).tasks.get('one')?.awaitingUser, true);
      const again = await place.resume();
      await again.handle.reviewTask('one', yes);
      assert.equal(await again.handle.stopped, 'done', again.story());
      assert.equal(provider.calls.filter(({ role }) => role === 'reviewer').length, 1);
      assert.equal(place.events.filter(({ type }) => type === 'review.awaits_user').length, 1);
    });

    it('can send the task back, with the comments for its agent', async () => {
      const provider = await place.provider(TWICE, { ...byUser, agents: { max_attempts: 1 } });
      const run = await place.start();
      await waits(run);
      await run.handle.reviewTask('one', no);
      await run.until(
        (event) => event.type === 'review.awaits_user' && run.task('one').attempts.length === 2,
      );
      await run.handle.reviewTask('one', yes);
      assert.equal(await run.handle.stopped, 'done', run.story());
      const second = provider.calls.find(({ role, attempt }) => role === 'developer' && attempt === 2);
      assert.match(second?.said ?? '', /The user asks for changes: Not yet\.\n- one\/one\.h:1: Say why\./);
    });
  });

  it('counts as the review while a reviewer is at it, whose session it ends', async () => {
    const provider = await place.provider(headerTasks('one'));
    provider.latencyMs = ({ role }) => (role === 'reviewer' ? 30_000 : 0);
    const run = await place.start();
    await run.until((event) => event.type === 'session.started' && event.role === 'reviewer');
    await run.until((event) => event.type === 'model.called' && event.session.includes('reviewer'));
    await run.handle.reviewTask('one', { ...yes, summary: '' });
    assert.equal(await run.handle.stopped, 'done', run.story());
    const [review, ...others] = run.task('one').reviews;
    assert.deepEqual([review?.agent, review?.review.summary, others.length], ['user', 'Approved.', 0]);
    assert.ok(run.events.some((event) => event.type === 'session.ended' && event.agent === 'reviewer-1'));
  });

  it('takes a task back that waits for its merge', async () => {
    // The first merge is being judged while the second waits for it.
    const script: AgentScript = {
      tasks: [{ id: 'one' }, { id: 'two' }],
      sessions: { ...TWICE.sessions, 'developer two 1': addsHeader('two') },
    };
    const provider = await place.provider(script);
    provider.latencyMs = ({ role, task }) => (role === 'reviewer' && task === 'one' ? 300 : 0);
    const run = await place.start();
    await inState(run, 'queued');
    await run.handle.reviewTask('one', no);
    assert.equal(await run.handle.stopped, 'done', run.story());
    const { attempts, timeline } = run.task('one');
    assert.equal(attempts.length, 2, run.story());
    const states = timeline.map(({ state }) => state).join(' ');
    assert.match(states, /queued running .*queued merged$/);
    assert.equal(run.state.merges.filter(({ task }) => task === 'one').length, 1);
  });

  it('gets a task through that only reviewers kept back, and what waited for it', async () => {
    const script: AgentScript = {
      tasks: [{ id: 'one' }, { id: 'two', dependsOn: ['one'] }],
      sessions: {
        'developer one 1': addsHeader('one'),
        'reviewer one 1': [requestChange('one/one.h', 1, 'I doubt it.')],
        'developer two 1': addsHeader('two'),
      },
    };
    await place.provider(script, { agents: { max_attempts: 1 } });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed');
    assert.deepEqual([run.task('one').state, run.task('two').state], ['failed', 'blocked']);
    const again = await place.resume({ prepare: (control) => control.reviewTask('one', yes) });
    assert.equal(await again.handle.stopped, 'done', again.story());
    assert.deepEqual([again.task('one').state, again.task('two').state], ['merged', 'merged']);
    assert.equal(again.task('one').attempts.length, 1);
  });

  it('makes no sense elsewhere', async () => {
    const provider = await place.provider(headerTasks('one'), { agents: { max_attempts: 1 } });
    provider.latencyMs = ({ role }) => (role === 'developer' ? 150 : 0);
    provider.interfere = ({ role, turn }) =>
      role === 'developer' && turn === 0
        ? say('Bad.', ['write_file', { path: 'elsewhere/x.h', content: '#pragma once\n' }])
        : null;
    const run = await place.start();
    await inState(run, 'running');
    await assert.rejects(run.handle.reviewTask('one', yes), /Task one is (ready|running)/);
    await assert.rejects(run.handle.reviewTask('nothing', yes), /no task nothing/);
    assert.equal(await run.handle.stopped, 'failed', run.story());
    await assert.rejects(
      place.resume({ prepare: (control) => control.reviewTask('one', yes) }),
      /Task one is failed/,
    );
    assert.equal(place.state.status, 'failed');
  });

  it('says what should change', async () => {
    await place.provider(headerTasks('one'), byUser);
    const run = await place.start();
    await waits(run);
    await assert.rejects(
      run.handle.reviewTask('one', { verdict: 'request_changes', summary: ' ', comments: [] }),
      /Nothing says what should change/,
    );
    assert.equal(run.task('one').awaitingUser, true);
    await run.handle.reviewTask('one', yes);
    assert.equal(await run.handle.stopped, 'done', run.story());
  });
});
