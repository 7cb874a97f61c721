import { Graph, layout } from '@dagrejs/dagre';
import type { TaskInfo } from '../../src/extension/graph/messages.ts';
import { inOrder } from './critical-path.ts';

export interface Point {
  x: number;
  y: number;
}
/** `x` and `y` are its upper left corner. */
export interface PlacedNode extends Point {
  id: string;
  /** How many columns from the left. */
  column: number;
}
export interface PlacedEdge {
  from: string;
  to: string;
  /** From the right side of one node to the left side of the other, with bends to go around what is between. */
  points: readonly Point[];
}
export interface Layout {
  nodes: ReadonlyMap<string, PlacedNode>;
  edges: readonly PlacedEdge[];
  width: number;
  height: number;
}

export const NODE = { width: 200, height: 62 } as const;
const GAP = { x: 56, y: 18 } as const;
/** Beyond, dagre takes seconds, and nobody follows single edges any more. */
const DAGRE_TASKS = 200;

type Linked = Pick<TaskInfo, 'id' | 'dependsOn'>;

/** Places tasks from left to right, each to the right of all it depends on. */
export function layoutGraph(tasks: readonly Linked[]): Layout {
  return tasks.length <= DAGRE_TASKS ? byDagre(tasks) : byColumns(tasks);
}

function byDagre(tasks: readonly Linked[]): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: GAP.y, ranksep: GAP.x, edgesep: 10 });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(tasks.map(({ id }) => id));
  for (const { id } of tasks) graph.setNode(id, { ...NODE });
  for (const { id, dependsOn } of tasks)
    for (const from of dependsOn) if (known.has(from)) graph.setEdge(from, id);
  layout(graph);
  const nodes = new Map<string, PlacedNode>();
  for (const { id } of tasks) {
    const { x, y } = graph.node(id) as Point;
    nodes.set(id, { id, x: x - NODE.width / 2, y: y - NODE.height / 2, column: 0 });
  }
  numberColumns(nodes);
  const edges = graph.edges().map(({ v, w }: Record<'v' | 'w', string>) => {
    const bends = (graph.edge(v, w) as { points: Point[] }).points.slice(1, -1);
    return { from: v, to: w, points: connect(nodes.get(v)!, nodes.get(w)!, bends) };
  });
  return { nodes, edges, ...sizeOf(nodes) };
}

/** Columns by the longest chain before each task; inside a column, near what a task depends on. Linear in the edges. */
function byColumns(tasks: readonly Linked[]): Layout {
  const columnOf = new Map<string, number>();
  const columns: Linked[][] = [];
  for (const task of inOrder(tasks)) {
    const column = Math.max(0, ...task.dependsOn.map((id) => (columnOf.get(id) ?? -1) + 1));
    columnOf.set(task.id, column);
    (columns[column] ??= []).push(task);
  }
  const tallest = Math.max(0, ...columns.map(({ length }) => length));
  const row = NODE.height + GAP.y;
  const nodes = new Map<string, PlacedNode>();
  for (const [column, members] of columns.entries()) {
    const pulled = members.map((task, index) => {
      const above = task.dependsOn.flatMap((id) => nodes.get(id)?.y ?? []);
      const at = above.length === 0 ? index * row : above.reduce((sum, y) => sum + y, 0) / above.length;
      return { id: task.id, at };
    });
    pulled.sort((a, b) => a.at - b.at);
    const top = ((tallest - members.length) * row) / 2;
    for (const [index, { id }] of pulled.entries()) {
      nodes.set(id, { id, x: column * (NODE.width + GAP.x), y: top + index * row, column });
    }
  }
  const edges = tasks.flatMap(({ id, dependsOn }) =>
    dependsOn.flatMap((from) => {
      const [a, b] = [nodes.get(from), nodes.get(id)];
      return a && b ? [{ from, to: id, points: connect(a, b, []) }] : [];
    }),
  );
  return { nodes, edges, ...sizeOf(nodes) };
}

function connect(from: PlacedNode, to: PlacedNode, bends: readonly Point[]): Point[] {
  const start = { x: from.x + NODE.width, y: from.y + NODE.height / 2 };
  const end = { x: to.x, y: to.y + NODE.height / 2 };
  return [start, ...bends.filter(({ x }) => x > start.x && x < end.x), end];
}

function numberColumns(nodes: Map<string, PlacedNode>): void {
  const lefts = [...new Set([...nodes.values()].map(({ x }) => Math.round(x)))].sort((a, b) => a - b);
  const column = new Map(lefts.map((x, index) => [x, index]));
  for (const node of nodes.values()) node.column = column.get(Math.round(node.x))!;
}

function sizeOf(nodes: ReadonlyMap<string, PlacedNode>): { width: number; height: number } {
  let width = 0;
  let height = 0;
  for (const { x, y } of nodes.values()) {
    width = Math.max(width, x + NODE.width);
    height = Math.max(height, y + NODE.height);
  }
  return { width, height };
}
