import { isPlaybook, type AgentView, type RunState, type TaskView } from '../../protocol/run-state.ts';
import type { TaskState } from '../../protocol/task.ts';
import type { Style, Symbols } from '../terminal/style.ts';
import { oneLine } from '../../protocol/printable.ts';
import { cut, fit, pad, widthOf } from '../terminal/text.ts';
import { clock } from '../../protocol/units.ts';
import type { ConsoleView } from './console-view.ts';
import { costText } from './cost.ts';
import { TASK_MARKS } from './task-marks.ts';

export interface BoardView {
  state: RunState;
  elapsedMs: number;
  console: ConsoleView | null;
  /** What each agent's model is writing now, by agent. */
  writing: ReadonlyMap<string, string>;
  /** What the user should know or do now, in the last line. */
  hint: string;
}

export interface Canvas {
  columns: number;
  rows: number;
  style: Style;
  symbols: Symbols;
}

/** Rows the tasks may take before only the interesting ones are shown. */
const MAX_TASK_ROWS = 6;
const CONSOLE_LINES = 8;
const FEWEST_CONSOLE_LINES = 2;
/** From here on there is room for the branch beside what an agent does. */
const BRANCH_COLUMNS = 100;

/** The live picture of a run: never wider than the canvas, never higher than it. */
export function renderBoard(view: BoardView, canvas: Canvas): string[] {
  const columns = Math.max(20, canvas.columns - 1); // a full last column makes some terminals wrap
  const area = { ...canvas, columns };
  const head = [...header(view, area), ...taskGrid(view.state, area), ''];
  const foot = footer(view, area);
  const room = canvas.rows - 1 - head.length - foot.length;
  const agents = agentLines(view, area, room);
  const box = view.console ? consoleBox(view.console, area, room - agents.length) : [];
  return [...head, ...agents, ...box, ...foot].slice(0, Math.max(1, canvas.rows - 1));
}

function header({ state, elapsedMs }: BoardView, { columns, style, symbols }: Canvas): string[] {
  const time = clock(elapsedMs);
  const goal = cut(oneLine(state.goal), columns - 8 - time.length - 2, symbols.ellipsis);
  const title = pad(` ${style.bold(style.cyan('AUTON'))}  ${style.bold(goal)}`, columns - time.length) + time;
  const facts = [state.arch, state.modelLabel, state.run];
  const line = cut(` ${facts.join(` ${symbols.separator} `)}`, columns - 14, symbols.ellipsis);
  const sandbox = state.sandbox === 'off' ? `  ${style.alarm(' SANDBOX OFF ')}` : '';
  return ['', title, style.dim(line) + sandbox, '', progress(state, columns, style, symbols)];
}

function progress(state: RunState, columns: number, style: Style, symbols: Symbols): string {
  const total = state.tasks.size;
  if (total === 0) return style.dim(cut(' The goal is being planned.', columns));
  const merged = state.merges.length;
  const label = `${merged}/${total} merged`;
  const room = Math.max(0, columns - 3 - label.length);
  const filled = Math.round((room * merged) / total);
  const bar = style.green(symbols.barDone.repeat(filled)) + style.dim(symbols.barLeft.repeat(room - filled));
  return ` ${bar}  ${style.bold(label)}`;
}

function taskGrid(state: RunState, { columns, style, symbols }: Canvas): string[] {
  const tasks = [...state.tasks.values()];
  if (tasks.length === 0) return [];
  const longest = Math.max(...tasks.map(({ spec }) => spec.id.length));
  const name = Math.min(longest, 24, columns - 12);
  const cell = 2 + name + 1 + 9;
  const across = Math.max(1, Math.floor((columns - 1) / cell));
  const capacity = across * MAX_TASK_ROWS;
  const shown = tasks.length <= capacity ? tasks : mostInteresting(tasks, capacity - 1);
  const cells = shown.map((task) => {
    const mark = TASK_MARKS[task.state];
    const colour = style[mark.colour];
    const id = cut(task.spec.id, name, symbols.ellipsis);
    const text = task.state === 'pending' || task.state === 'merged' ? style.dim(id) : id;
    return pad(`${colour(symbols[mark.symbol])} ${pad(text, name)} ${colour(mark.word)}`, cell);
  });
  if (shown.length < tasks.length) cells.push(style.dim(`and ${tasks.length - shown.length} more`));
  const lines: string[] = [];
  for (let at = 0; at < cells.length; at += across) {
    lines.push(` ${cells.slice(at, at + across).join('')}`.trimEnd());
  }
  return lines;
}

function mostInteresting(tasks: readonly TaskView[], count: number): TaskView[] {
  const rank = (task: TaskView) => TASK_MARKS[task.state].rank;
  const chosen = new Set([...tasks].sort((a, b) => rank(a) - rank(b)).slice(0, count));
  return tasks.filter((task) => chosen.has(task));
}

/** One line an agent; where there is no room for that, the idle ones share a line. */
function agentLines(view: BoardView, area: Canvas, room: number): string[] {
  const agents = [...view.state.agents.values()];
  const reserved = FEWEST_CONSOLE_LINES + 2;
  if (agents.length + reserved <= room) return agents.map((agent) => agentLine(agent, view, area));
  const busy = agents.filter((agent) => agent.session !== null || awaited(agent, view.state));
  const idle = agents.length - busy.length;
  const fitting = busy.slice(0, Math.max(1, room - 1));
  const left = busy.length - fitting.length;
  const rest = [...(left > 0 ? [`${left} more busy`] : []), ...(idle > 0 ? [`${idle} idle`] : [])];
  const lines = fitting.map((agent) => agentLine(agent, view, area));
  return rest.length === 0 ? lines : [...lines, area.style.dim(` ${rest.join(', ')}`)];
}

function agentLine(
  agent: AgentView,
  { state, writing }: BoardView,
  { columns, style, symbols }: Canvas,
): string {
  const name = Math.min(20, Math.max(...[...state.agents.keys()].map(widthOf)));
  const longest = Math.max(4, ...[...state.tasks.keys()].map((id) => id.length));
  const task = columns < 50 ? 0 : Math.min(longest, 24);
  const branch = columns < BRANCH_COLUMNS ? '' : branchOf(agent, state);
  const taken = 1 + name + 2 + (task > 0 ? task + 2 : 0) + (branch === '' ? 0 : widthOf(branch) + 2);
  if (agent.session === null) {
    const waiting = awaited(agent, state);
    const id = waiting && task > 0 ? `${fit(waiting.spec.id, task, symbols.ellipsis)}  ` : '';
    const what = waiting ? AWAITED[waiting.state] : 'idle';
    const idle = `${fit(agent.id, name, symbols.ellipsis)}  ${id}${what}`;
    return style.dim(cut(` ${idle}`, columns, symbols.ellipsis));
  }
  const words = agent.activity === 'thinking' ? oneLine(writing.get(agent.id) ?? '') : '';
  const doing = words || oneLine(agent.activity);
  const activity = fit(doing, Math.max(0, columns - taken), symbols.ellipsis);
  return [
    ` ${style.cyan(fit(agent.id, name, symbols.ellipsis))}  `,
    task > 0 ? `${style.bold(fit(agent.task ?? '', task, symbols.ellipsis))}  ` : '',
    branch === '' ? activity.trimEnd() : activity,
    branch === '' ? '' : `  ${style.dim(branch)}`,
  ].join('');
}

/** What happens to an agent's change while it has nothing to do itself. */
const AWAITED: Partial<Record<TaskState, string>> = {
  validating: 'its change is built, booted and tested',
  review: 'its change is reviewed',
  queued: 'its change is merged and judged with all before it',
};

/** The task that an idle agent wrote and that is on its way now. */
function awaited(agent: AgentView, state: RunState): TaskView | undefined {
  return [...state.tasks.values()].findLast(
    (task) => AWAITED[task.state] !== undefined && task.attempts.at(-1)?.agent === agent.id,
  );
}

/** The branch an agent works on, without the prefix that all of them share. */
function branchOf(agent: AgentView, state: RunState): string {
  const attempt = state.tasks.get(agent.task ?? '')?.attempts.at(-1);
  if (!attempt) return '';
  const own = attempt.branch.split('/').slice(1).join('/');
  return cut(own || attempt.branch, 36);
}

function consoleBox(view: ConsoleView, { columns, style, symbols }: Canvas, room: number): string[] {
  const height = Math.min(CONSOLE_LINES, room - 2);
  if (height < FEWEST_CONSOLE_LINES || columns < 40) return [];
  const { box } = symbols;
  const inner = columns - 5;
  const title = cut(` QEMU: ${oneLine(view.source)} `, inner - 2, symbols.ellipsis);
  const across = (count: number) => box.across.repeat(Math.max(0, count));
  const last = view.lines.slice(-height);
  const lines = [...last, ...Array.from({ length: height - last.length }, () => '')];
  const edge = style.dim(box.down);
  return [
    ` ${style.dim(box.topLeft + box.across)}${style.bold(title)}${style.dim(across(inner + 1 - widthOf(title)) + box.topRight)}`,
    ...lines.map((line) => ` ${edge} ${style.dim(fit(line, inner, symbols.ellipsis))} ${edge}`),
    ` ${style.dim(box.bottomLeft + across(inner + 2) + box.bottomRight)}`,
  ];
}

function footer({ state, hint }: BoardView, { columns, style, symbols }: Canvas): string[] {
  const cost =
    isPlaybook(state) && state.spentUsd === 0 ? 'no cost: playbook, no model' : `cost ${costText(state)}`;
  const question = [...state.questions.entries()].find(([, { answer }]) => answer === null);
  const lines: string[] = [];
  if (question) {
    const [id, { agent, question: text }] = question;
    lines.push(style.yellow(cut(` ${agent} asks (${id}): ${oneLine(text)}`, columns, symbols.ellipsis)));
  }
  const awaiting = [...state.tasks.values()].filter(({ awaitingUser }) => awaitingUser);
  if (awaiting.length > 0) {
    const names = awaiting.map(({ spec }) => spec.id).join(', ');
    const text = ` waiting for your approval (auton task approve): ${names}`;
    lines.push(style.yellow(cut(text, columns, symbols.ellipsis)));
  }
  const left = cut(` ${cost}`, columns, symbols.ellipsis);
  const colour = state.warned ? style.yellow : style.dim;
  const space = columns - widthOf(left) - widthOf(hint);
  lines.push(space >= 2 ? colour(left) + ' '.repeat(space) + style.dim(hint) : colour(left));
  return lines;
}
