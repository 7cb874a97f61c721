import { setImmediate } from 'node:timers/promises';
import { ModelError } from '../client.ts';
import type { AssistantMessage, ModelClient, ModelDelta, ModelRequest, ModelResponse } from '../client.ts';
import type { Architecture } from '../../protocol/roles.ts';
import { estimateInputTokens, estimateMessageTokens } from '../tokens.ts';
import { expandCalls } from './expand.ts';
import type { RecordedAnswer } from './format.ts';
import { whatItCovers } from './goal.ts';
import { sessionKey } from './load.ts';
import type { Playbook } from './load.ts';

/** Characters of text in one delta. */
const DELTA = 24;

/** Answers from a recording: the session is found by role, task and attempt, the answer in it by turn. */
export class PlaybookClient implements ModelClient {
  readonly #playbook: Playbook;
  readonly #arch: Architecture;

  constructor(playbook: Playbook, arch: Architecture) {
    this.#playbook = playbook;
    this.#arch = arch;
  }

  async complete(
    request: ModelRequest,
    signal: AbortSignal,
    onDelta: (delta: ModelDelta) => void = () => {},
  ): Promise<ModelResponse> {
    signal.throwIfAborted();
    const message = this.#message(request);
    for (const part of message.content) {
      if (part.type === 'tool_call') onDelta({ type: 'tool_call', name: part.name });
      else await streamText(part.text, signal, onDelta);
    }
    return {
      message,
      stop: message.content.some((part) => part.type === 'tool_call') ? 'tool_calls' : 'end',
      usage: {
        inputTokens: estimateInputTokens(request),
        outputTokens: estimateMessageTokens(message),
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
      },
      model: `playbook/${this.#playbook.name}`,
    };
  }

  #message(request: ModelRequest): AssistantMessage {
    const { turn } = request.session;
    const answer = this.#answer(request);
    const calls = expandCalls(this.#playbook, this.#arch, sessionKey(request.session), answer);
    return {
      role: 'assistant',
      content: [
        ...(answer.text === '' ? [] : [{ type: 'text' as const, text: answer.text }]),
        ...calls.map(({ tool, input }, index) => ({
          type: 'tool_call' as const,
          id: `playbook_${turn}_${index}`,
          name: tool,
          input,
        })),
      ],
    };
  }

  #answer({ session }: ModelRequest): RecordedAnswer {
    const { name, sessions } = this.#playbook;
    const key = sessionKey(session);
    const recorded = sessions[this.#arch]?.get(key);
    if (!recorded) throw this.#notCovered(`The recording "${name}" has no session for ${key}.`);
    const answer = recorded.answer[session.turn];
    if (answer) return answer;
    const count = recorded.answer.length;
    throw this.#notCovered(
      `The recording "${name}" has ${count} answers for ${key} and was asked for one more.`,
    );
  }

  #notCovered(message: string): ModelError {
    return new ModelError(
      'not_covered',
      `${message} Something came out differently than when it was recorded. ${whatItCovers(this.#playbook)}`,
      'The evidence before this says what went wrong; a language model (--model) could go on from there.',
    );
  }
}

/** In small pieces, as a model would; other work gets its turn in between. */
async function streamText(
  text: string,
  signal: AbortSignal,
  onDelta: (delta: ModelDelta) => void,
): Promise<void> {
  const characters = [...text];
  for (let start = 0; start < characters.length; start += DELTA) {
    await setImmediate();
    signal.throwIfAborted();
    onDelta({ type: 'text', text: characters.slice(start, start + DELTA).join('') });
  }
}
