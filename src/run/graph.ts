import type { TaskSpec } from '../protocol/task.ts';

/** What is wrong with a proposed set of tasks, in words for the model that proposed it. */
export type GraphProblem = string;

/**
 * Checks tasks before they join a graph: ids unique, dependencies known, no cycles. `existing` are the ids already
 * in the graph. Linear in tasks and dependencies.
 */
export function checkTasks(
  tasks: readonly TaskSpec[],
  existing: ReadonlySet<string> = new Set(),
): GraphProblem[] {
  const problems: GraphProblem[] = [];
  if (tasks.length === 0) problems.push('There are no tasks: propose at least one.');
  const byId = new Map<string, TaskSpec>();
  for (const task of tasks) {
    if (byId.has(task.id) || existing.has(task.id)) problems.push(`The task id "${task.id}" is used twice.`);
    byId.set(task.id, task);
  }
  for (const task of tasks) {
    for (const dependency of task.dependsOn) {
      if (dependency === task.id) problems.push(`Task "${task.id}" depends on itself.`);
      else if (!byId.has(dependency) && !existing.has(dependency)) {
        problems.push(`Task "${task.id}" depends on "${dependency}", which does not exist.`);
      }
    }
  }
  if (problems.length > 0) return problems;
  const cycle = findCycle(byId);
  if (cycle) problems.push(`The dependencies form a cycle: ${cycle.join(' -> ')}.`);
  return problems;
}

/** A cycle as a list of ids that begins and ends with the same one, or null. Iterative: 10,000 tasks may be a chain. */
function findCycle(tasks: Map<string, TaskSpec>): string[] | null {
  const done = new Set<string>();
  for (const start of tasks.keys()) {
    if (done.has(start)) continue;
    const path: { id: string; next: number }[] = [{ id: start, next: 0 }];
    const onPath = new Set([start]);
    while (path.length > 0) {
      const top = path[path.length - 1]!;
      const dependency = tasks.get(top.id)?.dependsOn[top.next++];
      if (dependency === undefined) {
        done.add(top.id);
        onPath.delete(top.id);
        path.pop();
      } else if (onPath.has(dependency)) {
        const from = path.findIndex(({ id }) => id === dependency);
        return [...path.slice(from).map(({ id }) => id), dependency].reverse();
      } else if (!done.has(dependency) && tasks.has(dependency)) {
        path.push({ id: dependency, next: 0 });
        onPath.add(dependency);
      }
    }
  }
  return null;
}

interface Node {
  id: string;
  dependents: Node[];
  /** Dependencies that are not satisfied yet. */
  waiting: number;
  satisfied: boolean;
  /** Number of tasks on the longest chain from here to an end: the critical path starts where it is largest. */
  height: number;
}

/** Which tasks may start, kept up to date in time proportional to what changes. Heights are fixed when tasks join. */
export class TaskGraph {
  readonly #nodes = new Map<string, Node>();

  /** Adds checked tasks and returns the ids of those that may start at once. */
  add(tasks: readonly TaskSpec[]): string[] {
    const added = tasks.map(({ id }): Node => ({
      id,
      dependents: [],
      waiting: 0,
      satisfied: false,
      height: 1,
    }));
    for (const node of added) this.#nodes.set(node.id, node);
    for (const task of tasks) {
      const node = this.#nodes.get(task.id)!;
      for (const id of new Set(task.dependsOn)) {
        const dependency = this.#nodes.get(id)!;
        dependency.dependents.push(node);
        if (!dependency.satisfied) node.waiting += 1;
      }
    }
    this.#measure(tasks);
    return added.filter(({ waiting }) => waiting === 0).map(({ id }) => id);
  }

  /** Marks a task merged or skipped and returns the ids that may start because of it. */
  satisfy(id: string): string[] {
    const node = this.#nodes.get(id)!;
    if (node.satisfied) return [];
    node.satisfied = true;
    return node.dependents.filter((dependent) => --dependent.waiting === 0).map((dependent) => dependent.id);
  }

  /** All tasks that wait for this one, directly or not. */
  dependentsOf(id: string): string[] {
    const seen = new Set<Node>();
    const stack = [this.#nodes.get(id)!];
    for (let node = stack.pop(); node; node = stack.pop()) {
      for (const dependent of node.dependents) {
        if (!seen.has(dependent)) {
          seen.add(dependent);
          stack.push(dependent);
        }
      }
    }
    return [...seen].map((node) => node.id);
  }

  isReady(id: string): boolean {
    const node = this.#nodes.get(id)!;
    return node.waiting === 0 && !node.satisfied;
  }

  height(id: string): number {
    return this.#nodes.get(id)?.height ?? 0;
  }

  /** Heights by walking backwards from the ends (Kahn's order reversed). */
  #measure(tasks: readonly TaskSpec[]): void {
    const open = new Map<string, number>();
    const byId = new Map(tasks.map((task) => [task.id, task]));
    for (const task of tasks) open.set(task.id, this.#nodes.get(task.id)!.dependents.length);
    const ends = tasks.filter((task) => open.get(task.id) === 0).map((task) => task.id);
    for (let id = ends.pop(); id !== undefined; id = ends.pop()) {
      const height = this.#nodes.get(id)!.height;
      for (const dependency of new Set(byId.get(id)?.dependsOn)) {
        const node = this.#nodes.get(dependency)!;
        node.height = Math.max(node.height, height + 1);
        const left = (open.get(dependency) ?? 0) - 1;
        open.set(dependency, left);
        if (left === 0) ends.push(dependency);
      }
    }
  }
}
