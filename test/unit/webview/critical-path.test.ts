import assert from 'node:assert/strict';
import type { TaskInfo } from '../../../src/extension/graph/messages.ts';
import { criticalPath, elapsedOf, type CriticalPath } from '../../../webview-ui/model/critical-path.ts';
import { workClock } from '../../../webview-ui/model/work-clock.ts';
import { merged, taskInfo } from './tasks.ts';

const clockUntil = (second: number) => workClock([{ from: 0, to: second * 1000 }], null);
const path = (tasks: TaskInfo[], second = 100) => criticalPath(tasks, clockUntil(second));
const told = ({ tasks, ms }: CriticalPath) => ({ tasks, ms });

describe('the critical path', () => {
  it('is the chain that took longest, not the one of most tasks', () => {
    const tasks = [
      taskInfo('headers', [], merged(0, 10)),
      taskInfo('quick-1', ['headers'], merged(10, 12)),
      taskInfo('quick-2', ['quick-1'], merged(12, 14)),
      taskInfo('slow', ['headers'], merged(10, 60)),
      taskInfo('end', ['quick-2', 'slow'], merged(60, 70)),
    ];
    assert.deepEqual(told(path(tasks)), { tasks: ['headers', 'slow', 'end'], ms: 70_000 });
  });

  it('counts what is not started as the usual task of its role', () => {
    const tasks = [
      taskInfo('a', [], merged(0, 10)),
      taskInfo('b', [], merged(0, 20)),
      taskInfo('c', [], merged(0, 30)),
      taskInfo('tests', [], merged(0, 2), { role: 'tester' }),
      taskInfo('next', ['a']),
      taskInfo('test-next', ['c'], undefined, { role: 'tester' }),
    ];
    // 10 and the median of 10, 20, 30 against 30 and 2.
    assert.deepEqual(told(path(tasks)), { tasks: ['c', 'test-next'], ms: 32_000 });
  });

  it('expects of what is at work at least what is usual, and more when it took more', () => {
    const usual = taskInfo('usual', [], merged(0, 20));
    const begun = taskInfo(
      'begun',
      [],
      [
        ['pending', 0],
        ['running', 30],
      ],
    );
    assert.equal(path([usual, begun], 35).ms, 20_000);
    assert.deepEqual(told(path([usual, begun], 90)), { tasks: ['begun'], ms: 60_000 });
  });

  it('is the chain of most tasks before anything was measured', () => {
    const tasks = [taskInfo('a', []), taskInfo('b', ['a']), taskInfo('c', ['b']), taskInfo('d', ['a'])];
    assert.deepEqual(path(tasks).tasks, ['a', 'b', 'c']);
  });

  it('does not count the time for which the run was interrupted', () => {
    const clock = workClock(
      [
        { from: 0, to: 10_000 },
        { from: 1000_000, to: 1010_000 },
      ],
      null,
    );
    assert.equal(elapsedOf(taskInfo('a', [], merged(5, 1005)), clock), 10_000);
  });

  it('is nothing without tasks, and survives a chain of 10,000 and a circle', () => {
    assert.deepEqual(told(path([])), { tasks: [], ms: 0 });
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      taskInfo(`t${index}`, index ? [`t${index - 1}`] : []),
    );
    assert.equal(path(chain.reverse()).tasks.length, 10_000);
    assert.deepEqual(path([taskInfo('a', ['b']), taskInfo('b', ['a'])]).tasks, []);
  });
});
