import type { AgentInfo, GraphTarget, RunInfo, TaskInfo, ToPanel } from '../src/extension/graph/messages.ts';
import { criticalPath, elapsedOf, type CriticalPath } from './model/critical-path.ts';
import { workClock, type WorkClock } from './model/work-clock.ts';

type State = Extract<ToPanel, { type: 'state' }>;
type Delta = Extract<ToPanel, { type: 'delta' }>;

/** The run that is shown, and what follows from it. */
export class RunModel {
  readonly target: GraphTarget;
  readonly tasks: Map<string, TaskInfo>;
  readonly agents: Map<string, AgentInfo>;
  run: RunInfo;
  clock: WorkClock;
  critical: CriticalPath;
  /** Their clock minus ours: the run may be on another machine. */
  #skew: number;

  constructor({ target, run, tasks, agents }: State) {
    this.target = target;
    this.run = run;
    this.tasks = new Map(tasks.map((task) => [task.id, task]));
    this.agents = new Map(agents.map((agent) => [agent.id, agent]));
    this.#skew = run.now - Date.now();
    this.clock = this.#newClock();
    this.critical = criticalPath(tasks, this.clock);
  }

  apply({ run, tasks, agents }: Delta): void {
    this.run = run;
    this.#skew = run.now - Date.now();
    for (const task of tasks) this.tasks.set(task.id, task);
    for (const agent of agents) this.agents.set(agent.id, agent);
    this.tick();
  }

  /** Time went on. */
  tick(): void {
    this.clock = this.#newClock();
    this.critical = criticalPath([...this.tasks.values()], this.clock);
  }

  get running(): boolean {
    return this.run.phase === 'running';
  }

  /** Who works on a task now. */
  workers(task: string): string[] {
    return [...this.agents.values()].filter((agent) => agent.task === task).map(({ id }) => id);
  }

  /** The one who works on it now, or else who wrote it last. */
  agentOf(task: TaskInfo): string {
    const written = task.work.findLast(({ role }) => role !== 'reviewer' && role !== 'integrator');
    return this.workers(task.id)[0] ?? written?.agent ?? '';
  }

  elapsed(task: TaskInfo): number {
    return elapsedOf(task, this.clock);
  }

  #newClock(): WorkClock {
    return workClock(this.run.periods, this.running ? Date.now() + this.#skew : null);
  }
}
