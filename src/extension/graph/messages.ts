import type { Role } from '../../protocol/roles.ts';
import type { TaskState } from '../../protocol/task.ts';
import { TASK_STATES } from '../../protocol/task.ts';
import type { RunPhase } from '../../protocol/run-state.ts';
import type { GraphStrings } from './strings.ts';

/**
 * What the graph's panel and the extension tell each other. Both sides check what they get with the guards below:
 * what fails them is ignored. Times are milliseconds since 1970; ids, titles and reasons were written by agents.
 */
export type ToPanel =
  /** Everything, at first, when the panel is seen again, and when tasks were added. */
  | {
      type: 'state';
      target: GraphTarget;
      strings: GraphStrings;
      run: RunInfo;
      tasks: TaskInfo[];
      agents: AgentInfo[];
    }
  /** What changed since. */
  | { type: 'delta'; run: RunInfo; tasks: TaskInfo[]; agents: AgentInfo[] }
  | { type: 'select'; task: string }
  /** There is nothing to show, and why. */
  | { type: 'gone'; target: GraphTarget; text: string };

export type FromPanel =
  | { type: 'ready' }
  /** Show the task in the tree of runs. */
  | { type: 'reveal'; task: string }
  /** Open all that the task changed. */
  | { type: 'changes'; task: string }
  /** A message came that is not of this protocol. */
  | { type: 'rejected'; what: string };

/** The run a panel shows. */
export interface GraphTarget {
  folder: string;
  run: string;
}

export interface Span {
  from: number;
  /** null: not over yet. */
  to: number | null;
}

/** Somebody's work on a task: an attempt, a review, the integration. */
export interface WorkSpan extends Span {
  agent: string;
  role: Role;
  /** The task's id, or a name such as "plan" for work on the run as a whole. */
  task: string;
}

export interface RunInfo {
  goal: string;
  phase: RunPhase;
  message: string;
  /** When engines worked on it. */
  periods: { from: number; to: number }[];
  /** The clock of the machine that the run is on, when this was sent. */
  now: number;
  spentUsd: number;
  maxCostUsd: number;
  unpricedCalls: number;
  /** No model answers: it costs nothing. */
  playbook: boolean;
  modelLabel: string;
  /** What waits for the user's answer. */
  questions: number;
  /** Work on no task: the plan. */
  work: WorkSpan[];
}

export interface TaskInfo {
  id: string;
  title: string;
  role: Role;
  dependsOn: string[];
  state: TaskState;
  reason: string;
  attempts: number;
  spentUsd: number;
  unpricedCalls: number;
  timeline: { state: TaskState; at: number }[];
  work: WorkSpan[];
}

export interface AgentInfo {
  id: string;
  role: Role;
  model: string;
  task: string | null;
  activity: string;
  spentUsd: number;
}

/** What a panel keeps, so that it comes back as it was after the window was reloaded. */
export interface PanelState {
  target: GraphTarget;
  view: { x: number; y: number; zoom: number } | null;
  selected: string | null;
  filter: string;
  states: TaskState[];
  critical: boolean;
  timeline: { shown: boolean; lanes: 'agents' | 'tasks'; height: number; zoom: number };
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const flag: Check = (value) => typeof value === 'boolean';
const taskState: Check = (value) => (TASK_STATES as readonly unknown[]).includes(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shape =
  (fields: Record<string, Check>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const target = shape({ folder: text, run: text });
const span = { from: number, to: orNull(number) };
const work = list(shape({ ...span, agent: text, role: text, task: text }));
const run = shape({
  goal: text,
  phase: text,
  message: text,
  periods: list(shape({ from: number, to: number })),
  now: number,
  spentUsd: number,
  maxCostUsd: number,
  unpricedCalls: number,
  playbook: flag,
  modelLabel: text,
  questions: number,
  work,
});
const tasks = list(
  shape({
    id: text,
    title: text,
    role: text,
    dependsOn: list(text),
    state: taskState,
    reason: text,
    attempts: number,
    spentUsd: number,
    unpricedCalls: number,
    timeline: list(shape({ state: taskState, at: number })),
    work,
  }),
);
const agents = list(
  shape({ id: text, role: text, model: text, task: orNull(text), activity: text, spentUsd: number }),
);
const strings: Check = (value) => isObject(value) && Object.values(value).every(text);

const TO_PANEL: Record<ToPanel['type'], Check> = {
  state: shape({ target, strings, run, tasks, agents }),
  delta: shape({ run, tasks, agents }),
  select: shape({ task: text }),
  gone: shape({ target, text }),
};
const FROM_PANEL: Record<FromPanel['type'], Check> = {
  ready: () => true,
  reveal: shape({ task: text }),
  changes: shape({ task: text }),
  rejected: shape({ what: text }),
};
const panelState = shape({
  target,
  view: orNull(shape({ x: number, y: number, zoom: number })),
  selected: orNull(text),
  filter: text,
  states: list(taskState),
  critical: flag,
  timeline: shape({
    shown: flag,
    lanes: (value) => value === 'agents' || value === 'tasks',
    height: number,
    zoom: number,
  }),
});

const typed = (table: Record<string, Check>, value: unknown): boolean =>
  isObject(value) &&
  typeof value['type'] === 'string' &&
  Object.hasOwn(table, value['type']) &&
  table[value['type']]!(value);

export const isToPanel = (value: unknown): value is ToPanel => typed(TO_PANEL, value);
export const isFromPanel = (value: unknown): value is FromPanel => typed(FROM_PANEL, value);
export const isPanelState = (value: unknown): value is PanelState => panelState(value);

/** A message that was refused, short enough for a line of a log. */
export function describeMessage(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    // A cycle, or something else that JSON cannot say.
  }
  return (json ?? String(value)).slice(0, 200);
}
