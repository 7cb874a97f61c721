import assert from 'node:assert/strict';
import { agentInfos, runInfo, taskInfos } from '../../../src/extension/graph/graph-data.ts';
import {
  describeMessage,
  isFromPanel,
  isPanelState,
  isToPanel,
  type PanelState,
  type ToPanel,
} from '../../../src/extension/graph/messages.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import { LogBuilder, sampleRun } from '../../fixtures/run-log.ts';

const state = foldEvents(sampleRun('working'));
const delta = (): Extract<ToPanel, { type: 'delta' }> => ({
  type: 'delta',
  run: runInfo({ state, phase: 'running' }, Date.parse(state.updatedAt)),
  tasks: taskInfos(state),
  agents: agentInfos(state),
});

describe('what the graph is told of a run', () => {
  it('is of the protocol, also after its way through JSON', () => {
    assert.equal(isToPanel(JSON.parse(JSON.stringify(delta()))), true);
  });

  it('has who worked when, and leaves open what goes on', () => {
    const boot = taskInfos(state, ['boot'])[0]!;
    assert.deepEqual(
      boot.work.map(({ agent, role, to }) => [agent, role, to === null]),
      [
        ['developer-1', 'developer', false],
        ['reviewer-1', 'reviewer', false],
        ['developer-1', 'developer', true],
      ],
    );
    assert.equal(boot.attempts, 2);
    assert.equal(agentInfos(state, ['developer-1'])[0]?.task, 'boot');
  });

  it('has the work on the whole run, and that a playbook costs nothing', () => {
    const { run } = delta();
    assert.deepEqual(
      run.work.map(({ agent, task }) => [agent, task]),
      [['manager-1', 'plan']],
    );
    assert.equal(run.playbook, true);
    assert.equal(run.periods.length, 1);
  });

  it('leaves out what the run does not have', () => {
    assert.deepEqual(taskInfos(state, ['plan', 'nothing']), []);
    assert.deepEqual(agentInfos(state, ['nobody']), []);
  });

  it('has an end of what was at work when the engine was lost', () => {
    const log = new LogBuilder();
    log.events.push(...sampleRun('working'));
    const last = log.events.at(-1)!.at;
    log.wait(3_600_000).add({ type: 'run.resumed', pid: 1 });
    const resumed = foldEvents(log.events);
    const spans = [...resumed.sessions.values()].flatMap((session) => session.spans);
    assert.ok(spans.every(({ to }) => to !== null && to <= last));
    assert.deepEqual(resumed.periods[0], { from: state.startedAt, to: last });
    assert.equal(resumed.periods.length, 2);
  });
});

describe('a message', () => {
  const broken: [string, (message: ReturnType<typeof delta>) => unknown][] = [
    ['nothing', () => null],
    ['a text', () => 'delta'],
    ['a list', (message) => [message]],
    ['another type', (message) => ({ ...message, type: 'deltas' })],
    ['a name of every object', (message) => ({ ...message, type: 'constructor' })],
    ['no agents', ({ agents: _, ...message }) => message],
    ['tasks that are none', (message) => ({ ...message, tasks: [{}] })],
    [
      'a state that tasks never have',
      (message) => ({ ...message, tasks: [{ ...message.tasks[0]!, state: 'x' }] }),
    ],
    ['a number as title', (message) => ({ ...message, tasks: [{ ...message.tasks[0]!, title: 7 }] })],
    ['a time that is none', (message) => ({ ...message, run: { ...message.run, now: Number.NaN } })],
  ];
  for (const [what, make] of broken) {
    it(`with ${what} is not of the protocol`, () => assert.equal(isToPanel(make(delta())), false));
  }

  it('of the panel names a task, and is not one to it', () => {
    assert.equal(isFromPanel({ type: 'ready' }), true);
    assert.equal(isFromPanel({ type: 'reveal', task: 'boot' }), true);
    assert.equal(isFromPanel({ type: 'reveal' }), false);
    assert.equal(isFromPanel({ type: 'changes', task: { toString: 'boot' } }), false);
    assert.equal(isFromPanel(delta()), false);
    assert.equal(isToPanel({ type: 'ready' }), false);
  });

  it('that is refused is described in a short line, whatever it is', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    assert.equal(describeMessage(circle), '[object Object]');
    assert.equal(describeMessage(undefined), 'undefined');
    assert.equal(describeMessage('x'.repeat(9999)).length, 200);
  });
});

describe('what the panel keeps', () => {
  const kept: PanelState = {
    target: { folder: '/folder', run: 'run' },
    view: { x: 1, y: 2, zoom: 0.5 },
    selected: 'boot',
    filter: '',
    states: ['merged'],
    critical: true,
    timeline: { shown: true, lanes: 'agents', height: 200, zoom: 1 },
  };

  it('is taken again', () => {
    assert.equal(isPanelState(JSON.parse(JSON.stringify(kept))), true);
    assert.equal(isPanelState({ ...kept, view: null, selected: null }), true);
  });

  it('is not, when it is of another version', () => {
    assert.equal(isPanelState({ ...kept, states: ['done'] }), false);
    assert.equal(isPanelState({ ...kept, timeline: { ...kept.timeline, lanes: 'rows' } }), false);
    assert.equal(isPanelState({ target: kept.target }), false);
    assert.equal(isPanelState(undefined), false);
  });
});
