import type { RunEvent } from './events.ts';
import { USER } from './review.ts';
import { emptyRunState, type RunState } from './run-state.ts';
import type { TaskState } from './task.ts';
import { addUsage, NO_USAGE } from './usage.ts';

function must<K, V>(map: Map<K, V>, key: K, what: string): V {
  const value = map.get(key);
  if (value === undefined)
    throw new Error(`the event log names ${what} ${String(key)}, which it never introduced`);
  return value;
}

/** Applies one event to the state in place; constant time in the number of tasks. */
export function applyEvent(state: RunState, event: RunEvent): void {
  const before = state.updatedAt;
  state.lastSeq = event.seq;
  state.updatedAt = event.at;
  const period = state.periods.at(-1);
  if (!period || STARTING.has(event.type)) state.periods.push({ from: event.at, to: event.at });
  else period.to = event.at;
  switch (event.type) {
    case 'run.started':
      state.run = event.run;
      state.goal = event.goal;
      state.mode = event.mode;
      state.arch = event.arch;
      state.modelLabel = event.modelLabel;
      state.sandbox = event.sandbox;
      state.workspace = event.workspace;
      state.targetBranch = event.targetBranch;
      state.base = event.base;
      state.settings = event.settings;
      state.configuredModels = event.configuredModels ?? null;
      state.maxCostUsd = event.maxCostUsd;
      state.startedAt = event.at;
      for (const { id, role, model } of event.agents) {
        state.agents.set(id, {
          id,
          role,
          model,
          session: null,
          task: null,
          activity: 'idle',
          spentUsd: 0,
          usage: NO_USAGE,
          calls: 0,
          unpricedCalls: 0,
        });
      }
      return;
    case 'run.resumed':
      // An engine that was killed did not say that its agents stopped.
      for (const agent of state.agents.values()) {
        if (agent.session !== null) closeSpan(state, agent.session, before);
        agent.session = null;
        agent.task = null;
        agent.activity = 'idle';
      }
      if (event.corrected) {
        const { settings, modelLabel, models } = event.corrected;
        state.settings = settings;
        state.configuredModels = null;
        state.modelLabel = modelLabel;
        for (const agent of state.agents.values()) agent.model = models[agent.id] ?? agent.model;
      }
      state.status = 'running';
      state.statusMessage = '';
      state.pauseReason = null;
      return;
    case 'run.continued':
      state.status = 'running';
      state.statusMessage = '';
      state.pauseReason = null;
      return;
    case 'run.paused':
      state.status = 'paused';
      state.statusMessage = event.message;
      state.pauseReason = event.reason;
      return;
    case 'run.finished':
      state.pauseReason = null;
      state.status = event.outcome;
      state.statusMessage = event.summary;
      return;
    case 'budget.changed':
      state.maxCostUsd = event.maxCostUsd;
      state.warned = false;
      return;
    case 'budget.warned':
      state.warned = true;
      return;
    case 'notice':
      state.notices.push({ level: event.level, text: event.text });
      return;
    case 'tasks.added':
      for (const spec of event.tasks) {
        state.tasks.set(spec.id, {
          spec,
          state: 'pending',
          reason: '',
          attempts: [],
          reviews: [],
          awaitingUser: false,
          evidence: [],
          merge: null,
          conflict: null,
          freshFrom: 0,
          mergedAs: null,
          spentUsd: 0,
          unpricedCalls: 0,
          usage: NO_USAGE,
          timeline: [{ state: 'pending', at: event.at }],
          stage: null,
        });
      }
      return;
    case 'task.state': {
      const task = must(state.tasks, event.task, 'task');
      const retried =
        STOPPED_STATES.has(task.state) && (event.state === 'pending' || event.state === 'ready');
      if (retried) task.freshFrom = task.attempts.length;
      task.state = event.state;
      task.awaitingUser = false;
      task.reason = event.reason ?? '';
      task.timeline.push({ state: event.state, at: event.at });
      const last = task.attempts.at(-1);
      if (last && last.outcome !== null) last.settled = true;
      return;
    }
    case 'attempt.started': {
      const task = must(state.tasks, event.task, 'task');
      task.merge = null;
      task.attempts.push({
        number: event.attempt,
        agent: event.agent,
        role: event.role,
        session: event.session,
        branch: event.branch,
        worktree: event.worktree,
        base: event.base,
        head: null,
        startedAt: event.at,
        endedAt: null,
        outcome: null,
        message: '',
        settled: false,
      });
      return;
    }
    case 'attempt.ended': {
      const task = must(state.tasks, event.task, 'task');
      const attempt = task.attempts.find(({ number }) => number === event.attempt);
      if (!attempt)
        throw new Error(`the event log ends attempt ${event.attempt} of ${event.task}, which never started`);
      attempt.outcome = event.outcome;
      attempt.message = event.message;
      attempt.head = event.head ?? null;
      attempt.endedAt = event.at;
      if (attempt.role === 'integrator' && event.outcome === 'finished') task.conflict = null;
      return;
    }
    case 'session.started': {
      const agent = must(state.agents, event.agent, 'agent');
      agent.session = event.session;
      agent.task = event.task;
      agent.activity = 'starting';
      if (!state.sessions.has(event.session)) {
        state.sessions.set(event.session, {
          id: event.session,
          agent: event.agent,
          role: event.role,
          task: event.task,
          transcript: event.transcript,
          turns: 0,
          reservedUsd: 0,
          spans: [],
        });
      }
      state.sessions.get(event.session)!.spans.push({ from: event.at, to: null });
      return;
    }
    case 'session.ended': {
      closeSpan(state, event.session, event.at);
      const agent = must(state.agents, event.agent, 'agent');
      agent.session = null;
      agent.task = null;
      agent.activity = 'idle';
      return;
    }
    case 'model.called':
      must(state.sessions, event.session, 'session').reservedUsd = event.reservedUsd ?? 0;
      must(state.agents, event.agent, 'agent').activity = 'thinking';
      return;
    case 'model.answered': {
      const session = must(state.sessions, event.session, 'session');
      session.reservedUsd = 0;
      session.turns = event.turn + 1;
      const agent = must(state.agents, event.agent, 'agent');
      agent.calls += 1;
      const spenders = [state, agent, state.tasks.get(session.task)];
      for (const spender of spenders) {
        if (!spender) continue;
        spender.spentUsd += event.costUsd ?? 0;
        if (event.costUsd === null) spender.unpricedCalls += 1;
        spender.usage = addUsage(spender.usage, event.usage);
      }
      return;
    }
    case 'model.failed':
      must(state.sessions, event.session, 'session').reservedUsd = 0;
      return;
    case 'tool.called':
      must(state.agents, event.agent, 'agent').activity = event.summary;
      return;
    case 'tool.finished':
      must(state.agents, event.agent, 'agent').activity = 'thinking';
      return;
    case 'stage.progress': {
      const { agent: id, session, stage, text, fraction = null, log = null } = event;
      must(state.agents, id, 'agent').activity = `${stage}: ${text}`;
      const task = state.tasks.get(must(state.sessions, session, 'session').task);
      if (task) task.stage = { name: stage, text, fraction, log: log ?? task.stage?.log ?? null };
      return;
    }
    case 'agent.nudged':
      must(state.agents, event.agent, 'agent').activity = `nudged: ${event.reason}`;
      return;
    case 'evidence.recorded':
      if (event.task === undefined) state.evidence.push(event.evidence);
      else must(state.tasks, event.task, 'task').evidence.push(event.evidence);
      return;
    case 'review.submitted': {
      const task = must(state.tasks, event.task, 'task');
      const { attempt, agent, review, head } = event;
      task.reviews.push({ attempt, agent, review, head });
      if (agent === USER) {
        task.awaitingUser = false;
        // What the user asks for may be tried afresh.
        if (review.verdict === 'request_changes') task.freshFrom = task.attempts.length;
      }
      return;
    }
    case 'review.awaits_user': {
      const task = must(state.tasks, event.task, 'task');
      task.awaitingUser = true;
      task.reason = "waits for the user's approval";
      return;
    }
    case 'merge.started':
      must(state.tasks, event.task, 'task').merge = { base: event.base, head: event.head, validated: null };
      return;
    case 'merge.conflicted': {
      const task = must(state.tasks, event.task, 'task');
      task.merge = null;
      task.conflict = event.files;
      return;
    }
    case 'merge.validated': {
      const merge = must(state.tasks, event.task, 'task').merge;
      if (!merge) throw new Error(`the event log validates a merge of ${event.task} that never started`);
      merge.validated = event.sha;
      return;
    }
    case 'merge.finished':
      must(state.tasks, event.task, 'task').mergedAs = event.sha;
      state.merges.push({ task: event.task, sha: event.sha, at: event.at });
      return;
    case 'message.sent':
      state.messages.push({ to: event.to, text: event.text, delivered: false });
      return;
    case 'message.delivered': {
      const message = state.messages[event.index];
      if (!message) throw new Error(`the event log delivers message ${event.index}, which was never sent`);
      message.delivered = true;
      return;
    }
    case 'question.asked':
      state.questions.set(event.id, {
        session: event.session,
        agent: event.agent,
        question: event.question,
        answer: null,
      });
      must(state.agents, event.agent, 'agent').activity = 'waiting for the user';
      return;
    case 'question.answered':
      must(state.questions, event.id, 'question').answer = event.answer;
      return;
  }
}

/** An engine goes to work with these. */
const STARTING: ReadonlySet<RunEvent['type']> = new Set(['run.started', 'run.resumed', 'run.continued']);

function closeSpan(state: RunState, session: string, at: string): void {
  const span = state.sessions.get(session)?.spans.at(-1);
  if (span?.to === null) span.to = at;
}

const STOPPED_STATES: ReadonlySet<TaskState> = new Set(['failed', 'blocked', 'cancelled', 'skipped']);

/** The state that a sequence of events leads to. */
export function foldEvents(events: Iterable<RunEvent>): RunState {
  const state = emptyRunState();
  for (const event of events) applyEvent(state, event);
  return state;
}
