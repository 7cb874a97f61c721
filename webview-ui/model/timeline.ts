import { FINAL_STATES, type TaskState } from '../../src/protocol/task.ts';
import type { AgentInfo, TaskInfo, WorkSpan } from '../../src/extension/graph/messages.ts';
import type { WorkClock } from './work-clock.ts';

/** A piece of a lane, in milliseconds of work from the beginning of the run. */
export interface Bar {
  from: number;
  to: number;
  /** Its colour: the state that the task was in. */
  state: TaskState;
  /** The task it is about; null for work on the whole run. */
  task: string | null;
  label: string;
}
export interface Lane {
  id: string;
  /** Beside its name: what the agent does now, or the title of the task. */
  note: string;
  /** Works at this moment. */
  active: boolean;
  bars: Bar[];
}

/** What an agent of a role does to a task, as the state that this puts the task in. */
const stateOfWork = ({ role }: WorkSpan): TaskState =>
  role === 'reviewer' ? 'review' : role === 'integrator' ? 'queued' : 'running';

/** A lane for each agent: when it worked on which task. Agents that never worked come last. */
export function agentLanes(
  agents: readonly AgentInfo[],
  tasks: readonly TaskInfo[],
  runWork: readonly WorkSpan[],
  clock: WorkClock,
): Lane[] {
  const lanes = new Map<string, Lane>(
    agents.map(({ id, task, activity }) => [
      id,
      { id, note: task === null ? '' : activity, active: task !== null, bars: [] },
    ]),
  );
  const known = new Set(tasks.map(({ id }) => id));
  for (const span of [...runWork, ...tasks.flatMap(({ work }) => work)]) {
    lanes.get(span.agent)?.bars.push({
      from: clock(span.from),
      to: span.to === null ? clock.total : clock(span.to),
      state: stateOfWork(span),
      task: known.has(span.task) ? span.task : null,
      label: span.task,
    });
  }
  for (const { bars } of lanes.values()) bars.sort((a, b) => a.from - b.from);
  return [...lanes.values()].sort((a, b) => Number(b.bars.length > 0) - Number(a.bars.length > 0));
}

/** A lane for each task: the states it went through from when it could start, in the order in which they started. */
export function taskLanes(tasks: readonly TaskInfo[], clock: WorkClock): Lane[] {
  const lanes = tasks.map((task): Lane => {
    const bars = task.timeline.flatMap(({ state, at }, index): Bar[] => {
      const next = task.timeline[index + 1];
      if (state === 'pending' || FINAL_STATES.has(state) || state === 'blocked') return [];
      const from = clock(at);
      const to = next ? clock(next.at) : clock.total;
      // A state that it only passed through is none to be seen.
      if (next && from === to) return [];
      return [{ from, to, state, task: task.id, label: '' }];
    });
    const end = task.timeline.at(-1);
    if (end && bars.length > 0 && (FINAL_STATES.has(end.state) || end.state === 'blocked')) {
      // A moment, drawn as a mark.
      bars.push({ from: clock(end.at), to: clock(end.at), state: end.state, task: task.id, label: '' });
    }
    return { id: task.id, note: task.title, active: !end || isActive(end.state), bars };
  });
  const start = ({ bars }: Lane) => bars[0]?.from ?? Infinity;
  // The sort is stable: what has not started keeps the order of the plan.
  return lanes.sort((a, b) => (start(a) === start(b) ? 0 : start(a) - start(b)));
}

const isActive = (state: TaskState) =>
  state === 'running' || state === 'validating' || state === 'review' || state === 'queued';

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Times for the marks of the axis, in milliseconds, not closer than `gap` pixels. */
export function ticks(totalMs: number, width: number, gap = 90): number[] {
  if (totalMs <= 0 || width <= 0) return [0];
  const least = (totalMs / width) * gap;
  const step = (STEPS.find((seconds) => seconds * 1000 >= least) ?? STEPS.at(-1)!) * 1000;
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
}
