import {
  isPlaybook,
  type AgentView,
  type RunState,
  type SessionView,
  type TaskView,
} from '../../protocol/run-state.ts';
import type { RunRecord } from '../runs/run-record.ts';
import type { AgentInfo, RunInfo, TaskInfo, WorkSpan } from './messages.ts';

/** What the panel is told of a run; only what it draws. */
export function runInfo(record: Pick<RunRecord, 'state' | 'phase'>, now: number): RunInfo {
  const { state, phase } = record;
  return {
    goal: state.goal,
    phase,
    message: state.statusMessage,
    periods: state.periods.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) })),
    now,
    spentUsd: state.spentUsd,
    maxCostUsd: state.maxCostUsd,
    unpricedCalls: state.unpricedCalls,
    playbook: isPlaybook(state),
    modelLabel: state.modelLabel,
    questions: [...state.questions.values()].filter(({ answer }) => answer === null).length,
    work: [...state.sessions.values()].filter(({ task }) => !state.tasks.has(task)).flatMap(workOf),
  };
}

/** Of these tasks, or of all; an id that the run does not have is left out. */
export function taskInfos(state: RunState, ids: Iterable<string> = state.tasks.keys()): TaskInfo[] {
  const wanted = new Map<string, SessionView[]>();
  for (const id of ids) if (state.tasks.has(id)) wanted.set(id, []);
  for (const session of state.sessions.values()) wanted.get(session.task)?.push(session);
  return [...wanted].map(([id, sessions]) => taskInfo(state.tasks.get(id)!, sessions.flatMap(workOf)));
}

export function agentInfos(state: RunState, ids: Iterable<string> = state.agents.keys()): AgentInfo[] {
  return [...ids].flatMap((id) => state.agents.get(id) ?? []).map(agentInfo);
}

function taskInfo(task: TaskView, work: WorkSpan[]): TaskInfo {
  const { spec, state, reason, attempts, spentUsd, unpricedCalls, timeline } = task;
  return {
    id: spec.id,
    title: spec.title,
    role: spec.role,
    dependsOn: spec.dependsOn,
    state,
    reason,
    attempts: attempts.length,
    spentUsd,
    unpricedCalls,
    timeline: timeline.map((entry) => ({ state: entry.state, at: Date.parse(entry.at) })),
    work,
  };
}

function agentInfo({ id, role, model, task, activity, spentUsd }: AgentView): AgentInfo {
  return { id, role, model, task, activity, spentUsd };
}

function workOf({ agent, role, task, spans }: SessionView): WorkSpan[] {
  return spans.map(({ from, to }) => ({
    agent,
    role,
    task,
    from: Date.parse(from),
    to: to === null ? null : Date.parse(to),
  }));
}
