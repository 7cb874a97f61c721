import type { RunState } from '../../protocol/run-state.ts';
import type { TaskState } from '../../protocol/task.ts';
import { awaitsUser } from '../runs/task-rules.ts';

/** Tasks of a run that are at the same point, as far as a user is concerned. */
export const GROUPS = ['stopped', 'working', 'waiting', 'merged', 'leftOut'] as const;
export type GroupName = (typeof GROUPS)[number];

const GROUP_OF: Record<TaskState, GroupName> = {
  failed: 'stopped',
  blocked: 'stopped',
  running: 'working',
  validating: 'working',
  review: 'working',
  queued: 'working',
  ready: 'waiting',
  pending: 'waiting',
  merged: 'merged',
  cancelled: 'leftOut',
  skipped: 'leftOut',
};

/** A group that has more tasks is divided by subsystem. */
const UNDIVIDED = 100;

/** Where everything of a run stands in its tree: ids, in the order in which they show. */
export interface Layout {
  /** Open questions. */
  questions: readonly string[];
  /** Tasks that wait for the user's review. */
  reviews: readonly string[];
  groups: ReadonlyMap<GroupName, Group>;
}

export interface Group {
  tasks: readonly string[];
  /** By subsystem; null while there are few. */
  parts: ReadonlyMap<string, readonly string[]> | null;
}

export function layoutOf(state: RunState): Layout {
  const groups = new Map<GroupName, string[]>();
  const reviews: string[] = [];
  for (const [id, task] of state.tasks) {
    if (awaitsUser(task)) reviews.push(id);
    else add(groups, GROUP_OF[task.state], id);
  }
  return {
    questions: [...state.questions].filter(([, { answer }]) => answer === null).map(([id]) => id),
    reviews,
    groups: new Map(
      GROUPS.flatMap((name) => {
        const tasks = groups.get(name);
        return tasks ? [[name, { tasks, parts: divide(tasks, state) }] as const] : [];
      }),
    ),
  };
}

function divide(tasks: readonly string[], state: RunState): Map<string, string[]> | null {
  if (tasks.length <= UNDIVIDED) return null;
  const parts = new Map<string, string[]>();
  for (const id of tasks) add(parts, state.tasks.get(id)!.spec.subsystem, id);
  return parts.size > 1 ? parts : null;
}

function add<K>(map: Map<K, string[]>, key: K, value: string): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** Which lists differ between two layouts: the run's own, groups, or parts of them ("waiting/mm"). */
export function changedLists(before: Layout, after: Layout): 'run' | ReadonlySet<string> {
  const top = (layout: Layout) => [...layout.questions, '', ...layout.reviews, '', ...layout.groups.keys()];
  if (!same(top(before), top(after))) return 'run';
  const changed = new Set<string>();
  for (const [name, group] of after.groups) {
    const old = before.groups.get(name)!;
    if (same(old.tasks, group.tasks)) continue;
    if (!old.parts || !group.parts || !same([...old.parts.keys()], [...group.parts.keys()])) {
      changed.add(name);
      continue;
    }
    for (const [part, tasks] of group.parts) {
      if (!same(old.parts.get(part)!, tasks)) changed.add(`${name}/${part}`);
    }
  }
  return changed;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
