import assert from 'node:assert/strict';
import type { AgentInfo } from '../../../src/extension/graph/messages.ts';
import { agentLanes, taskLanes, ticks } from '../../../webview-ui/model/timeline.ts';
import { workClock } from '../../../webview-ui/model/work-clock.ts';
import { merged, taskInfo } from './tasks.ts';

const clock = workClock([{ from: 0, to: 100_000 }], null);
const agent = (id: string, more: Partial<AgentInfo> = {}): AgentInfo => ({
  id,
  role: 'developer',
  model: 'playbook/test',
  task: null,
  activity: 'idle',
  spentUsd: 0,
  ...more,
});

describe('the lanes of tasks', () => {
  it('are the states of each from when it could start, ended by a mark', () => {
    const [lane] = taskLanes([taskInfo('boot', [], merged(10, 30))], clock);
    assert.deepEqual(
      lane?.bars.map(({ state, from, to }) => [state, from, to]),
      [
        ['running', 10_000, 30_000],
        ['merged', 30_000, 30_000],
      ],
    );
  });

  it('reach to now for what is at work', () => {
    const [lane] = taskLanes(
      [
        taskInfo(
          'boot',
          [],
          [
            ['pending', 0],
            ['running', 40],
          ],
        ),
      ],
      clock,
    );
    assert.deepEqual(
      lane?.bars.map(({ from, to }) => [from, to]),
      [[40_000, 100_000]],
    );
    assert.equal(lane?.active, true);
  });

  it('are in the order in which the tasks started; what has not comes last, as planned', () => {
    const tasks = [
      taskInfo('later', []),
      taskInfo('second', [], merged(20, 30)),
      taskInfo('first', [], merged(10, 40)),
      taskInfo('last', []),
    ];
    assert.deepEqual(
      taskLanes(tasks, clock).map(({ id }) => id),
      ['first', 'second', 'later', 'last'],
    );
  });
});

describe('the lanes of agents', () => {
  const work = [
    { agent: 'developer-1', role: 'developer' as const, task: 'boot', from: 10_000, to: 20_000 },
    { agent: 'reviewer-1', role: 'reviewer' as const, task: 'boot', from: 25_000, to: null },
  ];
  const lanes = agentLanes(
    [
      agent('developer-2'),
      agent('developer-1'),
      agent('reviewer-1', { role: 'reviewer', task: 'boot', activity: 'reads the diff' }),
      agent('manager-1', { role: 'manager' }),
    ],
    [taskInfo('boot', [], merged(10, 30), { work })],
    [{ agent: 'manager-1', role: 'manager', task: 'plan', from: 0, to: 5000 }],
    clock,
  );

  it('are what each worked on; those that never worked come last', () => {
    assert.deepEqual(
      lanes.map(({ id, bars }) => [id, bars.map(({ label, state, from, to }) => [label, state, from, to])]),
      [
        ['developer-1', [['boot', 'running', 10_000, 20_000]]],
        ['reviewer-1', [['boot', 'review', 25_000, 100_000]]],
        ['manager-1', [['plan', 'running', 0, 5000]]],
        ['developer-2', []],
      ],
    );
  });

  it('name a task to go to, unless the work was on the whole run', () => {
    assert.equal(lanes[0]?.bars[0]?.task, 'boot');
    assert.equal(lanes[2]?.bars[0]?.task, null);
  });

  it('say what an agent does now', () => {
    assert.deepEqual(lanes.map(({ active, note }) => [active, note]).slice(0, 2), [
      [false, ''],
      [true, 'reads the diff'],
    ]);
  });
});

describe('the marks of the axis', () => {
  it('are round times with room for their text', () => {
    assert.deepEqual(ticks(60_000, 600), [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
    for (const total of [5, 900, 65_000, 3_600_000, 300_000_000]) {
      const marks = ticks(total, 800);
      assert.ok(marks.length <= 10, `${total}: ${marks.join()}`);
    }
    assert.deepEqual(ticks(0, 800), [0]);
  });
});
