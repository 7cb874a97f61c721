import type { RunState, TaskView } from '../../protocol/run-state.ts';
import { escapeXml, label, STATE_COLOURS, svg } from './svg.ts';

const BOX = { width: 150, height: 34 };
const GAP = { x: 60, y: 14 };
const MARGIN = 10;

interface Placed {
  task: TaskView;
  x: number;
  y: number;
}

/** The dependency graph from left to right: a task stands one column after the last it waits for. */
export function graphSvg(state: RunState): string {
  const placed = place([...state.tasks.values()]);
  const boxes = [...placed.values()];
  const width = Math.max(...boxes.map(({ x }) => x)) + BOX.width + MARGIN;
  const height = Math.max(...boxes.map(({ y }) => y)) + BOX.height + MARGIN;
  const edges = boxes.flatMap((to) => to.task.spec.dependsOn.map((id) => edge(placed.get(id), to)));
  const title = `Dependencies of ${boxes.length} tasks`;
  return svg(width, height, title, edges.join('') + boxes.map(box).join(''));
}

/** The same graph for renderers of Mermaid. */
export function graphMermaid(state: RunState): string {
  const tasks = [...state.tasks.values()];
  const name = (id: string) => `t_${id.replaceAll('-', '_')}`;
  return [
    'graph LR',
    ...tasks.map(({ spec, state: taskState }) => `  ${name(spec.id)}["${spec.id}"]:::${taskState}`),
    ...tasks.flatMap(({ spec }) => spec.dependsOn.map((id) => `  ${name(id)} --> ${name(spec.id)}`)),
    ...[...new Set(tasks.map((task) => task.state))].map(
      (taskState) => `  classDef ${taskState} stroke:${STATE_COLOURS[taskState]},stroke-width:2px`,
    ),
  ].join('\n');
}

function place(tasks: readonly TaskView[]): Map<string, Placed> {
  const columns: TaskView[][] = [];
  const depth = depths(tasks);
  for (const task of tasks) (columns[depth.get(task.spec.id) ?? 0] ??= []).push(task);
  const tallest = Math.max(...columns.map((column) => column.length));
  const full = tallest * (BOX.height + GAP.y);
  const placed = new Map<string, Placed>();
  for (const [index, column] of columns.entries()) {
    // Near what they wait for, so that fewer edges cross.
    const pull = (task: TaskView) => {
      const above = task.spec.dependsOn.map((id) => placed.get(id)?.y ?? 0);
      return above.length === 0 ? 0 : above.reduce((sum, y) => sum + y, 0) / above.length;
    };
    const ordered = column.map((task) => ({ task, at: pull(task) })).sort((a, b) => a.at - b.at);
    const space = full / column.length;
    for (const [row, { task }] of ordered.entries()) {
      const x = MARGIN + index * (BOX.width + GAP.x);
      const y = MARGIN + row * space + (space - BOX.height) / 2;
      placed.set(task.spec.id, { task, x, y });
    }
  }
  return placed;
}

/** The longest chain of tasks before each. Tasks come after what they wait for only by accident, so iterate by need. */
function depths(tasks: readonly TaskView[]): Map<string, number> {
  const specs = new Map(tasks.map(({ spec }) => [spec.id, spec]));
  const known = new Map<string, number>();
  const stack = [...specs.keys()];
  while (stack.length > 0) {
    const id = stack[stack.length - 1]!;
    const before = specs.get(id)?.dependsOn.filter((other) => specs.has(other)) ?? [];
    const open = before.filter((other) => !known.has(other));
    if (open.length > 0 && !known.has(id)) {
      stack.push(...open);
      continue;
    }
    known.set(
      id,
      before.reduce((deepest, other) => Math.max(deepest, (known.get(other) ?? 0) + 1), 0),
    );
    stack.pop();
  }
  return known;
}

function box({ task, x, y }: Placed): string {
  const { spec, state } = task;
  const tip = escapeXml(`${spec.id}: ${spec.title} (${state})`);
  const colour = STATE_COLOURS[state];
  return [
    `<g><title>${tip}</title>`,
    `<rect class="card" x="${x}" y="${y.toFixed(1)}" width="${BOX.width}" height="${BOX.height}" rx="6" stroke="${colour}" stroke-width="1.5"/>`,
    `<circle cx="${x + 14}" cy="${(y + BOX.height / 2).toFixed(1)}" r="4.5" fill="${colour}"/>`,
    `<text class="label" x="${x + 26}" y="${(y + BOX.height / 2 + 4).toFixed(1)}">${escapeXml(label(spec.id, 18))}</text></g>`,
  ].join('');
}

function edge(from: Placed | undefined, to: Placed): string {
  if (!from) return '';
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  const bend = Math.max(GAP.x / 2, (x2 - x1) / 2);
  return `<path class="line" d="M${x1} ${y1.toFixed(1)}C${x1 + bend} ${y1.toFixed(1)} ${x2 - bend} ${y2.toFixed(1)} ${x2} ${y2.toFixed(1)}"/>`;
}
