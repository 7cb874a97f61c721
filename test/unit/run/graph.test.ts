import assert from 'node:assert/strict';
import { checkTasks, TaskGraph } from '../../../src/run/graph.ts';
import { taskSpecSchema } from '../../../src/protocol/schema/task.ts';
import type { TaskSpec } from '../../../src/protocol/task.ts';

const task = (id: string, ...dependsOn: string[]): TaskSpec =>
  taskSpecSchema.parse({
    id,
    title: `Task ${id}`,
    description: id,
    subsystem: 'mm',
    dependsOn,
    scope: ['mm/**'],
  });

describe('checking proposed tasks', () => {
  it('accepts a graph without faults', () => {
    assert.deepEqual(checkTasks([task('a'), task('b', 'a'), task('c', 'a', 'b')]), []);
  });

  it('accepts dependencies on tasks that are in the graph already', () => {
    assert.deepEqual(checkTasks([task('b', 'a')], new Set(['a'])), []);
  });

  it('names the tasks of a cycle in order', () => {
    const problems = checkTasks([task('a', 'c'), task('b', 'a'), task('c', 'b'), task('d')]);
    assert.equal(problems.length, 1);
    assert.match(
      problems[0]!,
      /^The dependencies form a cycle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)\.$/,
    );
  });

  it('says which dependency does not exist', () => {
    assert.deepEqual(checkTasks([task('a', 'ghost')]), [
      'Task "a" depends on "ghost", which does not exist.',
    ]);
  });

  it('refuses a task that depends on itself, a repeated id and an empty proposal', () => {
    assert.deepEqual(checkTasks([task('a', 'a')]), ['Task "a" depends on itself.']);
    assert.deepEqual(checkTasks([task('a'), task('a')]), ['The task id "a" is used twice.']);
    assert.deepEqual(checkTasks([task('a')], new Set(['a'])), ['The task id "a" is used twice.']);
    assert.deepEqual(checkTasks([]), ['There are no tasks: propose at least one.']);
  });

  it('finds a cycle in a chain of 10,000 tasks without running out of stack', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => task(`t${i}`, `t${(i + 9_999) % 10_000}`));
    assert.match(checkTasks(chain)[0]!, /cycle/);
  });
});

describe('TaskGraph', () => {
  it('starts what waits for nothing, and each task once all it waits for is satisfied', () => {
    const graph = new TaskGraph();
    assert.deepEqual(graph.add([task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b', 'c')]), ['a']);
    assert.deepEqual(graph.satisfy('a'), ['b', 'c']);
    assert.deepEqual(graph.satisfy('b'), []);
    assert.equal(graph.isReady('d'), false);
    assert.deepEqual(graph.satisfy('c'), ['d']);
    assert.deepEqual(graph.satisfy('c'), [], 'satisfying twice starts nothing twice');
  });

  it('knows the longest chain behind a task and all its dependents', () => {
    const graph = new TaskGraph();
    graph.add([task('a'), task('b', 'a'), task('c', 'b'), task('x', 'a')]);
    assert.deepEqual(
      ['a', 'b', 'c', 'x'].map((id) => graph.height(id)),
      [3, 2, 1, 1],
    );
    assert.deepEqual(graph.dependentsOf('a').sort(), ['b', 'c', 'x']);
  });
});
