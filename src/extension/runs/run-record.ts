import { applyEvent } from '../../protocol/fold.ts';
import type { RunEvent } from '../../protocol/events.ts';
import { emptyRunState, type RunPhase, type RunState } from '../../protocol/run-state.ts';
import { LogReader } from './log-reader.ts';

export type { RunPhase };

/** What changed in a run since listeners were last told; sets of ids, so that trees refresh only those. */
export interface RunDelta {
  /** Status, budget, cost, notices or questions of the run itself. */
  run: boolean;
  /** New tasks: the list itself is another one. */
  structure: boolean;
  tasks: Set<string>;
  agents: Set<string>;
  /** New evidence, of a task or of the run. */
  evidence: boolean;
  /** New commits on branches, or merges. */
  changes: boolean;
}

export const emptyDelta = (): RunDelta => ({
  run: false,
  structure: false,
  tasks: new Set(),
  agents: new Set(),
  evidence: false,
  changes: false,
});

/** A run of a folder as the editor knows it: the fold of its log, and whether an engine works on it now. */
export class RunRecord {
  readonly id: string;
  /** The run's own folder, with its log, transcripts and evidence. */
  readonly folder: string;
  readonly reader: LogReader;
  state: RunState = emptyRunState();
  /** An engine that we are connected to works on it. */
  live = false;
  /** Why the log cannot be read, if it cannot. */
  problem: Error | null = null;
  /** The log was read at least once. */
  loaded = false;

  constructor(id: string, folder: string, logFile: string) {
    this.id = id;
    this.folder = folder;
    this.reader = new LogReader(logFile);
  }

  get phase(): RunPhase {
    return this.state.status === 'running' && !this.live ? 'interrupted' : this.state.status;
  }

  /** Applies events that continue the state; notes in `delta` what they change. */
  apply(events: readonly RunEvent[], delta: RunDelta): void {
    for (const event of events) {
      if (event.seq <= this.state.lastSeq) continue;
      applyEvent(this.state, event);
      note(event, this.state, delta);
    }
    this.reader.skipTo(this.state.lastSeq);
  }
}

function note(event: RunEvent, state: RunState, delta: RunDelta): void {
  if ('agent' in event) delta.agents.add(event.agent);
  if ('task' in event && event.task !== undefined) delta.tasks.add(event.task);
  switch (event.type) {
    case 'tasks.added':
      delta.structure = true;
      return;
    case 'attempt.started':
    case 'attempt.ended':
    case 'merge.finished':
    case 'review.submitted':
      delta.changes = true;
      return;
    case 'evidence.recorded':
      delta.evidence = true;
      return;
    case 'model.answered': {
      delta.run = true; // the cost
      const task = state.sessions.get(event.session)?.task;
      if (task !== undefined && state.tasks.has(task)) delta.tasks.add(task);
      return;
    }
    case 'question.answered': {
      const agent = state.questions.get(event.id)?.agent;
      if (agent !== undefined) delta.agents.add(agent);
      delta.run = true;
      return;
    }
    case 'task.state':
      delta.run = true; // its progress, and what waits on the user
      return;
    case 'session.ended': {
      const task = state.sessions.get(event.session)?.task;
      if (task !== undefined && state.tasks.has(task)) delta.tasks.add(task);
      return;
    }
    case 'run.resumed':
      // What was at work when the engine was lost is not any more.
      for (const { task } of state.sessions.values()) if (state.tasks.has(task)) delta.tasks.add(task);
      for (const agent of state.agents.keys()) delta.agents.add(agent);
      delta.run = true;
      return;
    case 'session.started':
    case 'model.called':
    case 'model.failed':
    case 'tool.called':
    case 'tool.finished':
    case 'agent.nudged':
    case 'merge.started':
    case 'merge.conflicted':
    case 'merge.validated':
    case 'message.delivered':
      return;
    default:
      delta.run = true;
  }
}
