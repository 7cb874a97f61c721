import type { TextPart, ToolCallPart, ToolDefinition, ToolResultPart } from '../protocol/messages.ts';
import type { Role } from '../protocol/roles.ts';
import type { Usage } from '../protocol/usage.ts';

export type { TextPart, ToolCallPart, ToolDefinition, ToolResultPart } from '../protocol/messages.ts';

/**
 * What a provider wants back unchanged with the next request (signed reasoning). Nobody else reads it, and another
 * provider is not sent it.
 */
export interface HiddenPart {
  provider: string;
  /** The index in `content` of the part that it belongs to or stands before. */
  before: number;
  data: unknown;
}

export type UserMessage = { role: 'user'; content: (TextPart | ToolResultPart)[] };
export type AssistantMessage = {
  role: 'assistant';
  content: (TextPart | ToolCallPart)[];
  hidden?: HiddenPart[];
};
export type Message = UserMessage | AssistantMessage;

/** Which conversation a request belongs to; the playbook finds its recorded answer by it, logs name it. */
export interface SessionRef {
  run: string;
  /** What the session is about: a task's id, or "plan". */
  task: string;
  role: Role;
  /** From 1. */
  attempt: number;
  /** Number of answers the model gave before in this session. */
  turn: number;
}

export interface ModelRequest {
  /** The model's name without its provider. */
  model: string;
  system: string;
  messages: Message[];
  tools: ToolDefinition[];
  maxTokens: number;
  temperature: number;
  session: SessionRef;
}

export interface ModelResponse {
  message: AssistantMessage;
  /** `max_tokens`: the answer was cut off, a tool call in it may be incomplete. */
  stop: 'end' | 'tool_calls' | 'max_tokens' | 'refusal';
  /** Includes what was spent on streams that were cut before this one; estimated where the provider says nothing. */
  usage: Usage;
  /** The model that really answered, as the provider names it. */
  model: string;
}

/** What a stream shows before its end. `restart` voids what came before: the call is being tried again. */
export type ModelDelta =
  { type: 'text'; text: string } | { type: 'tool_call'; name: string } | { type: 'restart'; reason: string };

/**
 * One model of one provider. `complete` streams to `onDelta` and resolves with the whole answer; it rejects with
 * the signal's reason when cancelled, and with a `ModelError` when the provider cannot answer. `patience` lets a call
 * that is under way finish and ends only the waiting before another one: it then rejects with that signal's reason.
 */
export interface ModelClient {
  complete(
    request: ModelRequest,
    signal: AbortSignal,
    onDelta?: (delta: ModelDelta) => void,
    patience?: AbortSignal,
  ): Promise<ModelResponse>;
}

export type ModelErrorKind =
  | 'auth' // 401, 403: the key is missing, wrong or not allowed
  | 'bad_request' // 400, 404, 413, 422: repeating it cannot help
  | 'overloaded' // 429, 529, 5xx after all retries
  | 'connection' // no connection, cut stream, after all retries
  | 'timeout'
  | 'not_covered'; // the playbook has no answer for this

/** A provider's failure after retries. `remedy` tells the user what to do. */
export class ModelError extends Error {
  readonly kind: ModelErrorKind;
  readonly remedy: string;
  readonly status: number | undefined;

  constructor(
    kind: ModelErrorKind,
    message: string,
    remedy: string,
    options: { status?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ModelError';
    this.kind = kind;
    this.remedy = remedy;
    this.status = options.status;
  }
}
