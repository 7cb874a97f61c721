import type { Role } from '../protocol/roles.ts';

export interface Agent {
  id: string;
  role: Role;
}

interface Waiter {
  /** Larger first; ties in order of arrival. */
  priority: number;
  order: number;
  grant: (agent: Agent) => void;
}

/**
 * The agents of a run, handed out by role. There are no waves: whoever returns an agent hands it to the most
 * urgent waiter of its role at once.
 */
export class AgentPool {
  readonly #free = new Map<Role, Agent[]>();
  readonly #waiting = new Map<Role, Heap<Waiter>>();
  #arrivals = 0;

  constructor(agents: readonly Agent[]) {
    for (const agent of agents) this.#list(agent.role).push(agent);
  }

  /** Waits for an agent of the role, the preferred one if it happens to be free. Rejects with the signal's reason. */
  acquire(
    role: Role,
    options: { priority?: number; prefer?: string | undefined; signal: AbortSignal },
  ): Promise<Agent> {
    const { signal, priority = 0, prefer } = options;
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const free = this.#list(role);
    if (free.length > 0) {
      const index = Math.max(
        0,
        free.findIndex((agent) => agent.id === prefer),
      );
      return Promise.resolve(free.splice(index, 1)[0]!);
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiter.grant = (agent) => this.release(agent); // a stale waiter passes the agent on
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        priority,
        order: this.#arrivals++,
        grant: (agent) => {
          signal.removeEventListener('abort', onAbort);
          resolve(agent);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue(role).push(waiter);
    });
  }

  release(agent: Agent): void {
    const next = this.#queue(agent.role).pop();
    if (next) next.grant(agent);
    else this.#list(agent.role).push(agent);
  }

  #list(role: Role): Agent[] {
    let list = this.#free.get(role);
    if (!list) this.#free.set(role, (list = []));
    return list;
  }

  #queue(role: Role): Heap<Waiter> {
    let queue = this.#waiting.get(role);
    if (!queue) {
      queue = new Heap((a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order));
      this.#waiting.set(role, queue);
    }
    return queue;
  }
}

/** A binary heap; `before(a, b)` says that a comes out first. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(items[at]!, items[parent]!)) break;
      [items[at], items[parent]] = [items[parent]!, items[at]!];
      at = parent;
    }
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    items[0] = last;
    for (let at = 0; ;) {
      let next = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < items.length && this.#before(items[child]!, items[next]!)) next = child;
      }
      if (next === at) return first;
      [items[at], items[next]] = [items[next]!, items[at]!];
      at = next;
    }
  }
}
