import type { Evidence } from './evidence.ts';
import type { AttemptOutcome, EventOf, RunOutcome } from './events.ts';
import type { Review } from './review.ts';
import type { Architecture, Role, WorkflowMode } from './roles.ts';
import type { TaskSpec, TaskState } from './task.ts';
import { NO_USAGE, type Usage } from './usage.ts';

export interface AttemptView {
  number: number;
  agent: string;
  role: Role;
  session: string;
  branch: string;
  worktree: string;
  base: string;
  head: string | null;
  startedAt: string;
  endedAt: string | null;
  outcome: AttemptOutcome | null;
  message: string;
  /** The task has moved on since the attempt ended; a crash can fall between the two. */
  settled: boolean;
}

export interface TaskView {
  spec: TaskSpec;
  state: TaskState;
  /** Why it is where it is, when that is not obvious. */
  reason: string;
  attempts: AttemptView[];
  reviews: { attempt: number; agent: string; review: Review; head: string }[];
  /** It is reviewed and waits for the user's approval. */
  awaitingUser: boolean;
  evidence: Evidence[];
  merge: { base: string; head: string; validated: string | null } | null;
  /** Files that conflict with the main line and wait for the integrator; null when there are none. */
  conflict: string[] | null;
  /** Attempts before this one do not count against the limit: the user asked for a retry. */
  freshFrom: number;
  mergedAs: string | null;
  spentUsd: number;
  /** Answers whose price is not known; they are not in `spentUsd`. */
  unpricedCalls: number;
  usage: Usage;
  timeline: { state: TaskState; at: string }[];
  /** The stage of the SLM pipeline that was run for it last; `log` is relative to the run's folder. */
  stage: { name: string; text: string; fraction: number | null; log: string | null } | null;
}

export interface AgentView {
  id: string;
  role: Role;
  model: string;
  session: string | null;
  task: string | null;
  activity: string;
  spentUsd: number;
  usage: Usage;
  /** Answers of its model. */
  calls: number;
  /** Those whose price is not known; they are not in `spentUsd`. */
  unpricedCalls: number;
}

export interface SessionView {
  id: string;
  agent: string;
  role: Role;
  task: string;
  transcript: string;
  /** Answers of the model so far. */
  turns: number;
  /** Reserved for a call in flight, in USD. */
  reservedUsd: number;
  /** When it was worked on: one piece, and one more after each interruption. The last may still be open. */
  spans: Span[];
}

export interface Span {
  from: string;
  to: string | null;
}

export type RunStatus = 'running' | 'paused' | RunOutcome;
/** `interrupted`: its log says that it runs, but no engine works on it. */
export type RunPhase = RunStatus | 'interrupted';

/** The whole truth about a run: a fold of its events, and nothing else. */
export interface RunState {
  run: string;
  goal: string;
  mode: WorkflowMode;
  arch: Architecture;
  modelLabel: string;
  sandbox: 'bubblewrap' | 'off';
  workspace: string;
  targetBranch: string;
  base: string;
  settings: Record<string, unknown>;
  /** What the configuration says of models, where the run was told to use others. */
  configuredModels: Record<string, unknown> | null;
  status: RunStatus;
  statusMessage: string;
  /** Why it is paused; null while it is not. */
  pauseReason: EventOf<'run.paused'>['reason'] | null;
  startedAt: string;
  updatedAt: string;
  /** When an engine worked on it: from each start, resume or end of a pause to the last event before the next. */
  periods: { from: string; to: string }[];
  tasks: Map<string, TaskView>;
  agents: Map<string, AgentView>;
  sessions: Map<string, SessionView>;
  /** Evidence that belongs to no task: the final validation. */
  evidence: Evidence[];
  merges: { task: string; sha: string; at: string }[];
  /** What the user told an agent or a task; delivered once, to the next session that matches. */
  messages: { to: string; text: string; delivered: boolean }[];
  questions: Map<string, { session: string; agent: string; question: string; answer: string | null }>;
  notices: { level: 'info' | 'warning' | 'error'; text: string }[];
  maxCostUsd: number;
  warned: boolean;
  spentUsd: number;
  /** Calls whose price is not known; the true cost is higher than `spentUsd` when this is not 0. */
  unpricedCalls: number;
  usage: Usage;
  lastSeq: number;
}

export function emptyRunState(): RunState {
  return {
    run: '',
    goal: '',
    mode: 'kernel_build',
    arch: 'x86_64',
    modelLabel: '',
    sandbox: 'bubblewrap',
    workspace: '',
    targetBranch: '',
    base: '',
    settings: {},
    configuredModels: null,
    status: 'running',
    statusMessage: '',
    pauseReason: null,
    startedAt: '',
    updatedAt: '',
    periods: [],
    tasks: new Map(),
    agents: new Map(),
    sessions: new Map(),
    evidence: [],
    merges: [],
    messages: [],
    questions: new Map(),
    notices: [],
    maxCostUsd: 0,
    warned: false,
    spentUsd: 0,
    unpricedCalls: 0,
    usage: NO_USAGE,
    lastSeq: 0,
  };
}

/** A run whose answers are recorded costs nothing, and must not look as if a model had been cheap. */
export function isPlaybook(state: Pick<RunState, 'modelLabel'>): boolean {
  return state.modelLabel.startsWith('playbook');
}
