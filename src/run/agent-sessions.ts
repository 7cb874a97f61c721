import { join } from 'node:path';
import { systemPrompt } from '../agents/prompts.ts';
import { ROLE_PROFILES } from '../agents/roles.ts';
import { runSession, SessionStop, type SessionEnd, type SessionHooks } from '../agents/session.ts';
import { Transcript } from '../agents/transcript.ts';
import { ModelError, type ModelErrorKind } from '../models/client.ts';
import { totalTokens } from '../protocol/usage.ts';
import type { ToolHost } from '../tools/tool.ts';
import type { Agent } from './agent-pool.ts';
import type { RoleModel, RunContext } from './context.ts';
import { RunStopped } from './stop.ts';

export interface AgentSession {
  agent: Agent;
  /** What the session is about: a task's id, or "plan". */
  task: string;
  attempt: number;
  /** From 2 on when an earlier session of the same attempt and role came to nothing. */
  retry?: number;
  opening: string;
  worktree: string;
  host: ToolHost;
  isDone?: () => boolean;
  mustCall?: string;
  /** Ends the session early besides the run's stopper: a cancelled task. */
  signal?: AbortSignal;
}

export function sessionId({
  task,
  attempt,
  agent,
  retry = 1,
}: Omit<AgentSession, 'opening' | 'worktree' | 'host'>): string {
  return `${task}.${attempt}.${agent.role}${retry > 1 ? `.${retry}` : ''}`;
}

/** Lets one agent work: its transcript, limits, budget and events around the conversation. */
export async function runAgentSession(context: RunContext, session: AgentSession): Promise<SessionEnd> {
  const { agent, task, attempt } = session;
  const { role } = agent;
  const { config, stopper } = context;
  const id = sessionId(session);
  const model = context.modelFor(role);
  const transcriptFile = join('sessions', `${id}.jsonl`);
  const transcript = new Transcript(join(context.folder, transcriptFile), (text) => context.redact(text));
  const outputFolder = join(context.folder, 'output', id);

  await context.emit({
    type: 'session.started',
    session: id,
    agent: agent.id,
    role,
    task,
    transcript: transcriptFile,
  });
  await catchUp(context, id, agent, transcript);

  const timeLimit = new AbortController();
  const minutes = config.agents.max_minutes;
  const timer = setTimeout(
    () => timeLimit.abort(new SessionStop('time_limit', `The attempt took longer than ${minutes} minutes.`)),
    minutes * 60_000,
  );
  const ending = [timeLimit.signal, ...(session.signal ? [session.signal] : [])];
  const calls = AbortSignal.any([stopper.calls, ...ending]);
  const work = AbortSignal.any([stopper.work, ...ending]);
  try {
    return await runSession({
      ref: { run: context.state.run, task, role, attempt },
      client: model.client,
      model: model.model,
      maxTokens: config.llm.max_tokens,
      temperature: config.llm.temperature,
      system: systemPrompt(role, context.state.arch),
      opening: session.opening,
      tools: ROLE_PROFILES[role].tools,
      toolContext: {
        worktree: session.worktree,
        specFolder: context.specFolder,
        outputFolder,
        sandbox: context.sandbox,
        host: session.host,
        commandTimeoutMs: config.sandbox.command_timeout * 1000,
        signal: work,
      },
      transcript,
      hooks: sessionHooks(context, { id, agent, task, model, work }),
      ...(session.isDone ? { isDone: session.isDone } : {}),
      ...(session.mustCall ? { mustCall: session.mustCall } : {}),
      signal: calls,
    });
  } finally {
    clearTimeout(timer);
    context.budget.settle(id);
    await context.emit({ type: 'session.ended', session: id, agent: agent.id });
  }
}

/**
 * After a crash the transcript may be one step ahead of the log: an answer in it was paid for, so it is counted now,
 * and a message in it was delivered.
 */
async function catchUp(context: RunContext, id: string, agent: Agent, transcript: Transcript): Promise<void> {
  const counted = context.state.sessions.get(id)?.turns ?? 0;
  for (const entry of transcript.entries) {
    if (entry.kind === 'user' && entry.message !== undefined) {
      const index = entry.message;
      if (context.state.messages[index]?.delivered === false)
        await context.emit({ type: 'message.delivered', session: id, index });
    }
    if (entry.kind !== 'assistant' || entry.turn < counted) continue;
    const { turn, usage, costUsd, durationMs } = entry;
    await context.emit({
      type: 'model.answered',
      session: id,
      agent: agent.id,
      turn,
      usage,
      costUsd,
      durationMs,
    });
  }
}

interface HookScope {
  id: string;
  agent: Agent;
  task: string;
  model: RoleModel;
  work: AbortSignal;
}

function sessionHooks(context: RunContext, { id, agent, task, model, work }: HookScope): SessionHooks {
  const { state, budget, config } = context;
  const source = { session: id, agent: agent.id };
  return {
    async beforeCall({ turn, inputTokens }) {
      work.throwIfAborted();
      checkLimits(context, task, turn);
      const reservedUsd = model.worstCost(inputTokens, config.llm.max_tokens);
      const verdict = await budget.reserve(id, task, reservedUsd ?? 0, work);
      if (verdict.kind === 'task_limit') throw new SessionStop('budget', verdict.message);
      if (verdict.kind !== 'granted') {
        await context.pause('budget', verdict.message);
        throw new RunStopped(verdict.message);
      }
      await context.emit({ type: 'model.called', ...source, turn, model: model.model, reservedUsd });
    },
    price: (usage) => model.priceOf(usage),
    async answered({ turn, usage, costUsd, durationMs }) {
      await context.emit({ type: 'model.answered', ...source, turn, usage, costUsd, durationMs });
      budget.settle(id);
      const limitUsd = config.llm.cost.warn_at_usd;
      if (state.spentUsd >= limitUsd && !state.warned) {
        await context.emit({ type: 'budget.warned', spentUsd: state.spentUsd, limitUsd });
      }
    },
    async failed(turn, error) {
      budget.settle(id);
      const message = context.redact(error instanceof Error ? error.message : String(error));
      await context.emit({ type: 'model.failed', ...source, turn, message });
      // The provider or the configuration is at fault, not the attempt: wait for the user, then go on where the
      // transcript ends. What was said may be why a later request is refused: the next attempt says it differently.
      const ofAttempt = (kind: ModelErrorKind) =>
        kind === 'not_covered' || (kind === 'bad_request' && turn > 0);
      if (error instanceof ModelError && !ofAttempt(error.kind)) {
        const text = context.redact(`${sentence(error.message)} ${error.remedy}`);
        await context.pause('model', text);
        throw new RunStopped(text);
      }
    },
    async toolCalled(tool, summary) {
      work.throwIfAborted();
      await context.emit({ type: 'tool.called', ...source, tool, summary: context.redact(summary) });
    },
    async toolFinished(tool, ok, durationMs) {
      await context.emit({ type: 'tool.finished', ...source, tool, ok, durationMs });
    },
    async nudged(reason) {
      await context.emit({ type: 'agent.nudged', ...source, reason });
    },
    messages() {
      return [...state.messages.entries()].flatMap(([index, { to, text, delivered }]) =>
        !delivered && (to === agent.id || to === task) ? [{ index, text }] : [],
      );
    },
    async delivered(index) {
      await context.emit({ type: 'message.delivered', session: id, index });
    },
    text: (delta) => context.output({ kind: 'text', agent: agent.id, text: context.redact(delta) }),
    retrying(reason) {
      const text = context.redact(`${agent.id} asks its model again: ${reason}`);
      // Nobody waits for it: when the log cannot be written, the next step of the session says so.
      context.emit({ type: 'notice', level: 'warning', text }).catch(() => undefined);
    },
  };
}

function checkLimits(context: RunContext, task: string, turn: number): void {
  const { max_turns: maxTurns, max_tokens_per_task: maxTokens } = context.config.agents;
  if (turn >= maxTurns) throw new SessionStop('turn_limit', `The attempt used all of its ${maxTurns} turns.`);
  const view = context.state.tasks.get(task);
  if (view && totalTokens(view.usage) >= maxTokens) {
    throw new SessionStop(
      'token_limit',
      `The task used all of its ${maxTokens} tokens (agents.max_tokens_per_task).`,
    );
  }
}

/** A provider's words end as they like. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
