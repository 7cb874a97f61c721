import type { TextPart, ToolCallPart, ToolDefinition, ToolResultPart } from './messages.ts';

export type EditorMessage =
  | { role: 'user'; content: (TextPart | ToolResultPart)[] }
  | { role: 'assistant'; content: (TextPart | ToolCallPart)[] };

/** One call of a model that only the editor can ask. */
export interface EditorModelRequest {
  /** Names the call in the deltas that belong to it. */
  id: string;
  /** What stands after `vscode/` in the model's name: an id of the editor's, or `<vendor>/<family>`. */
  model: string;
  system: string;
  messages: EditorMessage[];
  tools: ToolDefinition[];
  maxTokens: number;
  temperature: number;
}

export interface EditorModelAnswer {
  /** The whole answer, also what was sent as deltas before. */
  content: (TextPart | ToolCallPart)[];
  /** The model that really answered. */
  model: string;
  /** Tokens, where the editor can count them; estimated otherwise. */
  usage?: { inputTokens: number; outputTokens: number };
  stop?: 'end' | 'tool_calls' | 'max_tokens' | 'refusal';
}

export const EDITOR_MODEL_FAILURES = [
  'no_permission', // the user has not let AUTON use it
  'not_found', // no model of this name is there
  'refused', // the request was refused: too long, filtered
  'overloaded', // a quota or rate limit
  'failed', // anything else; worth another try
] as const;
export type EditorModelFailure = (typeof EDITOR_MODEL_FAILURES)[number];

export interface EditorModelErrorData {
  kind: EditorModelFailure;
}

/** What an editor throws when a model of its own cannot answer. */
export class EditorModelError extends Error {
  readonly kind: EditorModelFailure;

  constructor(kind: EditorModelFailure, message: string) {
    super(message);
    this.name = 'EditorModelError';
    this.kind = kind;
  }
}

/** Asks a model of the editor: text goes to `onText` as it comes, the whole answer is returned. */
export type EditorModelHandler = (
  request: EditorModelRequest,
  onText: (text: string) => void,
  signal: AbortSignal,
) => Promise<EditorModelAnswer>;
