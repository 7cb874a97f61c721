import {
  ModelError,
  type AssistantMessage,
  type ModelClient,
  type ModelDelta,
  type ModelRequest,
  type ModelResponse,
  type ToolCallPart,
} from '../models/client.ts';
import { estimateInputTokens } from '../models/tokens.ts';
import type { AttemptOutcome } from '../protocol/events.ts';
import type { Role } from '../protocol/roles.ts';
import type { Usage } from '../protocol/usage.ts';
import { runTool, toolDefinitions } from '../tools/registry.ts';
import type { ToolContext } from '../tools/tool.ts';
import { fitContext } from './context.ts';
import { ProgressWatcher } from './progress.ts';
import type { AssistantEntry, Transcript } from './transcript.ts';

/** Thrown by the hooks to end a session; the message is for people. */
export class SessionStop extends Error {
  readonly outcome: AttemptOutcome;

  constructor(outcome: AttemptOutcome, message: string) {
    super(message);
    this.name = 'SessionStop';
    this.outcome = outcome;
  }
}

/** What the engine does at each step of a session. Each is awaited: what it records is durable before the next step. */
export interface SessionHooks {
  /** Checks every limit and reserves the call's worst cost; throws SessionStop when the call may not be made. */
  beforeCall(call: { turn: number; inputTokens: number }): Promise<void>;
  /** The price of an answer, null when unknown. */
  price(usage: Usage): number | null;
  answered(entry: AssistantEntry): Promise<void>;
  failed(turn: number, error: unknown): Promise<void>;
  toolCalled(tool: string, summary: string): Promise<void>;
  toolFinished(tool: string, ok: boolean, durationMs: number): Promise<void>;
  nudged(reason: string): Promise<void>;
  /** What the user said to this agent since the last step; each is delivered once it is in the transcript. */
  messages(): { index: number; text: string }[];
  delivered(index: number): Promise<void>;
  text(delta: string): void;
  /** The provider did not answer and is asked again; `reason` is for people. */
  retrying(reason: string): void;
}

export interface SessionOptions {
  ref: { run: string; task: string; role: Role; attempt: number };
  client: ModelClient;
  model: string;
  maxTokens: number;
  temperature: number;
  system: string;
  opening: string;
  tools: readonly string[];
  toolContext: ToolContext;
  transcript: Transcript;
  hooks: SessionHooks;
  /** True once the session has done what it is for by a tool (a review submitted): no further answer is needed. */
  isDone?: () => boolean;
  /** The tool that must be called before the session may end with words. */
  mustCall?: string;
  signal: AbortSignal;
}

export interface SessionEnd {
  outcome: AttemptOutcome;
  message: string;
}

/**
 * One agent's conversation: ask the model, run the tools it calls, repeat. It knows no provider and no task; limits
 * and records are the hooks' business. A transcript with entries is continued where it ends.
 * Rejects only with the reasons of the signals, its own and the tools', and with what the hooks reject with.
 */
export async function runSession(options: SessionOptions): Promise<SessionEnd> {
  const session = new Session(options);
  try {
    return await session.run();
  } catch (error) {
    if (error instanceof SessionStop) return { outcome: error.outcome, message: error.message };
    throw error;
  } finally {
    options.transcript.close();
  }
}

class Session {
  readonly #options: SessionOptions;
  readonly #watcher = new ProgressWatcher();
  #nudges = 0;
  #reminders = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  async run(): Promise<SessionEnd> {
    const { transcript, system, opening, tools, model, isDone } = this.#options;
    if (transcript.entries.length === 0) {
      transcript.append({ kind: 'opening', system, text: opening, tools: [...tools], model });
    }
    const interrupted = transcript.openCalls();
    if (interrupted)
      await this.#runCalls(interrupted.entry.message, interrupted.entry.turn, interrupted.answered);
    for (;;) {
      if (isDone?.()) return { outcome: 'finished', message: lastText(transcript) };
      const last = transcript.entries.at(-1);
      // A transcript that ends with words was interrupted just before its end.
      const entry = last?.kind === 'assistant' ? last : await this.#ask();
      const end = await this.#act(entry);
      if (end) return end;
    }
  }

  async #ask(): Promise<AssistantEntry> {
    const { transcript, hooks, client, ref, signal } = this.#options;
    const work = this.#options.toolContext.signal;
    for (const { index, text } of hooks.messages()) {
      transcript.append({ kind: 'user', source: 'user', text: `The user says: ${text}`, message: index });
      await hooks.delivered(index);
    }
    const turn = transcript.turns;
    const request: ModelRequest = {
      model: this.#options.model,
      system: this.#options.system,
      messages: fitContext(transcript.messages()),
      tools: toolDefinitions(this.#options.tools),
      maxTokens: this.#options.maxTokens,
      temperature: this.#options.temperature,
      session: { ...ref, turn },
    };
    await hooks.beforeCall({ turn, inputTokens: estimateInputTokens(request) });
    const startedAt = performance.now();
    let response: ModelResponse;
    try {
      const onDelta = (delta: ModelDelta) => {
        if (delta.type === 'text') hooks.text(delta.text);
        if (delta.type === 'restart') hooks.retrying(delta.reason);
      };
      response = await client.complete(request, signal, onDelta, work);
    } catch (error) {
      signal.throwIfAborted();
      if (work.aborted && error === work.reason) throw error;
      await hooks.failed(turn, error);
      if (!(error instanceof ModelError)) throw error;
      throw new SessionStop('error', `${error.message} ${error.remedy}`.trim());
    }
    const entry: AssistantEntry = {
      kind: 'assistant',
      turn,
      message: response.message,
      stop: response.stop,
      usage: response.usage,
      costUsd: hooks.price(response.usage),
      durationMs: Math.round(performance.now() - startedAt),
      model: response.model,
    };
    transcript.append(entry);
    await transcript.sync();
    await hooks.answered(entry);
    return entry;
  }

  /** Carries out an answer; returns the end of the session when the answer is one. */
  async #act({ message, turn, stop }: AssistantEntry): Promise<SessionEnd | null> {
    const calls = toolCalls(message);
    if (calls.length > 0) {
      await this.#runCalls(message, turn, new Set());
      return null;
    }
    if (stop === 'refusal') return { outcome: 'error', message: `The model refused: ${textOf(message)}` };
    if (stop === 'max_tokens') {
      return this.#remind(
        'Your answer was cut off at the token limit. Continue in smaller steps: fewer or shorter tool calls.',
      );
    }
    const { mustCall } = this.#options;
    if (mustCall)
      return this.#remind(`You have not called ${mustCall} yet. Call it now; words alone have no effect.`);
    return { outcome: 'finished', message: textOf(message) };
  }

  #remind(text: string): SessionEnd | null {
    if (++this.#reminders > 3)
      return { outcome: 'no_progress', message: 'The agent did not act on three reminders.' };
    this.#options.transcript.append({ kind: 'user', source: 'engine', text });
    return null;
  }

  async #runCalls(message: AssistantMessage, turn: number, answered: Set<string>): Promise<void> {
    const { transcript, hooks, toolContext, tools, signal } = this.#options;
    let stuck: string | null = null;
    for (const call of toolCalls(message)) {
      if (answered.has(call.id)) continue;
      signal.throwIfAborted();
      await hooks.toolCalled(call.name, summarise(call));
      const startedAt = performance.now();
      const result = await runTool(call, toolContext, tools);
      // A result that came because the run stops says nothing: after resume the call is made again.
      signal.throwIfAborted();
      toolContext.signal.throwIfAborted();
      transcript.append({
        kind: 'tool_result',
        turn,
        callId: call.id,
        tool: call.name,
        text: result.text,
        isError: !result.ok,
      });
      await hooks.toolFinished(call.name, result.ok, Math.round(performance.now() - startedAt));
      const action = `${call.name} ${call.malformed ?? JSON.stringify(call.input)}`;
      stuck = this.#watcher.observe({ action, result: result.text, isError: !result.ok }) ?? stuck;
    }
    if (stuck) await this.#nudge(stuck);
  }

  /** One nudge, then the end: an agent that goes in circles after being told will not stop by itself. */
  async #nudge(reason: string): Promise<void> {
    if (++this.#nudges > 1) throw new SessionStop('no_progress', `No progress after a nudge: ${reason}.`);
    await this.#options.hooks.nudged(reason);
    this.#watcher.reset();
    this.#options.transcript.append({
      kind: 'user',
      source: 'engine',
      text: `You are not making progress: ${reason}. Stop, think about why, and do something different. If you cannot go on, say so and what is missing.`,
    });
  }
}

function toolCalls(message: AssistantMessage): ToolCallPart[] {
  return message.content.filter((part) => part.type === 'tool_call');
}

function textOf(message: AssistantMessage): string {
  return message.content
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
    .trim();
}

function lastText(transcript: Transcript): string {
  const last = transcript.entries.findLast((entry) => entry.kind === 'assistant');
  return last ? textOf(last.message) : '';
}

/** What an agent is doing, in a few words for a line of the display. */
function summarise(call: ToolCallPart): string {
  const input = (call.input ?? {}) as Record<string, unknown>;
  const subject =
    input['path'] ?? input['command'] ?? input['pattern'] ?? input['name'] ?? input['message'] ?? '';
  const text = typeof subject === 'string' ? subject.split('\n', 1)[0]! : '';
  return text ? `${call.name} ${text.slice(0, 80)}` : call.name;
}
