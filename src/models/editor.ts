import {
  EditorModelError,
  type EditorModelAnswer,
  type EditorModelFailure,
  type EditorModelRequest,
} from '../protocol/editor-models.ts';
import { NO_USAGE, type Usage } from '../protocol/usage.ts';
import type { Attempt, Backend } from './backend.ts';
import type { Message, ModelErrorKind, ModelRequest, ModelResponse } from './client.ts';
import { AttemptFailure } from './failures.ts';
import { estimateInputTokens, estimateMessageTokens } from './tokens.ts';

/** Asks the models of an editor that is connected to the engine. */
export interface EditorModels {
  /**
   * Rejects with the signal's reason, with an EditorUnavailable when no editor can be asked, and with an
   * EditorModelError when it could not answer.
   */
  complete(
    request: Omit<EditorModelRequest, 'id'>,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<EditorModelAnswer>;
}

/** No editor is there. `expected`: one was there before, and may come back when its window has reloaded. */
export class EditorUnavailable extends Error {
  readonly expected: boolean;

  constructor(message: string, expected: boolean) {
    super(message);
    this.name = 'EditorUnavailable';
    this.expected = expected;
  }
}

const NO_EDITOR = new EditorUnavailable('No editor is connected that could ask its language models', false);

const CONNECT_AN_EDITOR =
  'Open this folder in the editor with the AUTON extension, or choose another model by llm.model; then resume the run.';

interface FailureInfo {
  kind: ModelErrorKind;
  retryable: boolean;
  remedy: string;
}

const FAILURES: Record<EditorModelFailure, FailureInfo> = {
  no_permission: {
    kind: 'auth',
    retryable: false,
    remedy: 'Let AUTON use language models when the editor asks, then resume the run.',
  },
  not_found: {
    kind: 'connection',
    retryable: false,
    remedy:
      'Choose one that the editor has by AUTON: Select Models, or sign in to its provider there; then resume.',
  },
  refused: {
    kind: 'bad_request',
    retryable: false,
    remedy: "Repeating it cannot help; the words after the colon are the editor's. Choose another model.",
  },
  overloaded: {
    kind: 'overloaded',
    retryable: true,
    remedy: 'Wait and resume the run, or choose another model by llm.model.',
  },
  failed: {
    kind: 'connection',
    retryable: true,
    remedy: "See the editor's log, then resume the run, or choose another model by llm.model.",
  },
};

/** The language models of the editor, which the engine has to ask back for. */
export class EditorBackend implements Backend {
  readonly #model: string;
  readonly #models: EditorModels | undefined;

  constructor(model: string, models: EditorModels | undefined) {
    this.#model = model;
    this.#models = models;
  }

  async attempt(attempt: Attempt): Promise<ModelResponse> {
    const { request, signal } = attempt;
    let streamed = '';
    // An answer that never began cost nothing.
    attempt.meter(() => (streamed === '' ? NO_USAGE : estimate(request, [{ type: 'text', text: streamed }])));
    attempt.connected();
    try {
      if (!this.#models) throw NO_EDITOR;
      const { system, tools, maxTokens, temperature } = request;
      const messages = request.messages.map(withoutHidden);
      const call = { model: this.#model, system, messages, tools, maxTokens, temperature };
      const answer = await this.#models.complete(call, signal, (text) => {
        streamed += text;
        attempt.progress();
        attempt.onDelta({ type: 'text', text });
      });
      return responseOf(answer, attempt);
    } catch (error) {
      throw failureOf(error);
    }
  }
}

/** Signed reasoning of another provider means nothing here. */
function withoutHidden(message: Message): EditorModelRequest['messages'][number] {
  if (message.role === 'user') return message;
  const { role, content } = message;
  return { role, content };
}

function responseOf(answer: EditorModelAnswer, { request }: Attempt): ModelResponse {
  const { content, model, usage } = answer;
  const calls = content.some(({ type }) => type === 'tool_call');
  return {
    message: { role: 'assistant', content },
    stop: calls ? 'tool_calls' : (answer.stop ?? 'end'),
    usage: usage ? { ...NO_USAGE, ...usage } : estimate(request, content),
    model,
  };
}

function estimate(request: ModelRequest, content: EditorModelAnswer['content']): Usage {
  return {
    ...NO_USAGE,
    inputTokens: estimateInputTokens(request),
    outputTokens: estimateMessageTokens({ role: 'assistant', content }),
  };
}

function failureOf(error: unknown): unknown {
  if (error instanceof EditorUnavailable) {
    const { message, expected } = error;
    return new AttemptFailure('connection', message, { retryable: expected, remedy: CONNECT_AN_EDITOR });
  }
  if (error instanceof EditorModelError) {
    const { kind, retryable, remedy } = FAILURES[error.kind];
    return new AttemptFailure(kind, error.message, { retryable, remedy });
  }
  return error;
}
