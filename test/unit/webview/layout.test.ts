import assert from 'node:assert/strict';
import { layoutGraph, NODE, type Layout } from '../../../webview-ui/model/layout.ts';
import { neighbour } from '../../../webview-ui/model/navigate.ts';
import { taskInfo } from './tasks.ts';

const diamond = [
  taskInfo('headers', []),
  taskInfo('boot', ['headers']),
  taskInfo('memory', ['headers']),
  taskInfo('kernel', ['boot', 'memory']),
];
const wide = [
  taskInfo('root', []),
  ...Array.from({ length: 1000 }, (_, index) =>
    taskInfo(`t${index}`, [index < 20 ? 'root' : `t${index - 20}`, ...(index % 7 === 0 ? ['root'] : [])]),
  ),
];

function assertReadable({ nodes, edges, width, height }: Layout) {
  for (const { from, to, points } of edges) {
    const [a, b] = [nodes.get(from)!, nodes.get(to)!];
    assert.ok(a.x + NODE.width < b.x, `${to} is to the right of ${from}`);
    assert.deepEqual(points[0], { x: a.x + NODE.width, y: a.y + NODE.height / 2 });
    assert.deepEqual(points.at(-1), { x: b.x, y: b.y + NODE.height / 2 });
    const xs = points.map(({ x }) => x);
    assert.deepEqual(
      xs,
      [...xs].sort((one, other) => one - other),
      `${from} to ${to} goes to the right only`,
    );
  }
  const placed = [...nodes.values()];
  for (const [index, a] of placed.entries()) {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + NODE.width <= width && a.y + NODE.height <= height, a.id);
    for (const b of placed.slice(index + 1)) {
      const apart = Math.abs(a.x - b.x) >= NODE.width || Math.abs(a.y - b.y) >= NODE.height;
      assert.ok(apart, `${a.id} and ${b.id} do not overlap`);
    }
  }
}

describe('the layout of the graph', () => {
  it('puts each task to the right of all it depends on, and none over another', () => {
    const layout = layoutGraph(diamond);
    assert.equal(layout.nodes.size, 4);
    assert.equal(layout.edges.length, 4);
    assertReadable(layout);
  });

  it('does so for a thousand tasks', () => {
    const layout = layoutGraph(wide);
    assert.equal(layout.nodes.size, wide.length);
    assertReadable(layout);
  });

  it('leaves out dependencies that are not there', () => {
    const layout = layoutGraph([taskInfo('alone', ['nobody'])]);
    assert.deepEqual([...layout.nodes.keys()], ['alone']);
    assert.deepEqual(layout.edges, []);
  });

  it('is nothing for nothing', () => {
    assert.deepEqual(layoutGraph([]), { nodes: new Map(), edges: [], width: 0, height: 0 });
  });
});

describe('the arrow keys', () => {
  const layout = layoutGraph(diamond);
  const all = () => true;

  it('follow the edges and stay in the column', () => {
    const middle = [...layout.nodes.values()].filter(({ column }) => column === 1).sort((a, b) => a.y - b.y);
    const [upper, lower] = middle.map(({ id }) => id) as [string, string];
    assert.ok(middle.some(({ id }) => id === neighbour(layout, 'headers', 'right', all)));
    assert.equal(neighbour(layout, upper, 'down', all), lower);
    assert.equal(neighbour(layout, lower, 'up', all), upper);
    assert.equal(neighbour(layout, upper, 'up', all), null);
    assert.equal(neighbour(layout, upper, 'left', all), 'headers');
    assert.equal(neighbour(layout, upper, 'right', all), 'kernel');
    assert.equal(neighbour(layout, 'kernel', 'right', all), null);
  });

  it('begin at the first task, and reach the last', () => {
    assert.equal(neighbour(layout, null, 'down', all), 'headers');
    assert.equal(neighbour(layout, 'boot', 'last', all), 'kernel');
    assert.equal(neighbour(layout, 'kernel', 'first', all), 'headers');
  });

  it('skip what a filter hides', () => {
    assert.equal(
      neighbour(layout, 'headers', 'right', (id) => id !== 'boot'),
      'memory',
    );
  });
});
