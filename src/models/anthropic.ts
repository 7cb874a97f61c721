import Anthropic from '@anthropic-ai/sdk';
import type { Usage } from '../protocol/usage.ts';
import { Answer } from './answer.ts';
import type { Attempt, Backend } from './backend.ts';
import type { AssistantMessage, Message, ModelRequest, ModelResponse, UserMessage } from './client.ts';
import { cutStream } from './failures.ts';
import { callInput, cleanText, cleanToolName, hiddenAt, isBlank } from './serialize.ts';

const CACHE = { type: 'ephemeral' } as const;

/**
 * The Messages API, which takes no temperature. What stays the same from call to call is marked for the provider's
 * prompt cache.
 */
export class AnthropicBackend implements Backend {
  readonly #options: { baseURL: string; apiKey: string };

  constructor(options: { baseURL: string; apiKey: string }) {
    this.#options = options;
  }

  async attempt(attempt: Attempt): Promise<ModelResponse> {
    const client = new Anthropic({
      ...this.#options,
      // Only what the configuration names counts, not what else the environment holds.
      authToken: null,
      credentials: null,
      profile: null,
      openTelemetry: false,
      logLevel: 'off',
      maxRetries: 0,
      timeout: 2 ** 31 - 1,
      fetch: attempt.fetch,
    });
    const stream = await client.messages.create(this.#body(attempt.request), { signal: attempt.signal });
    return read(stream, attempt);
  }

  #body(request: ModelRequest): Anthropic.MessageCreateParamsStreaming {
    return {
      model: request.model,
      max_tokens: request.maxTokens,
      system: isBlank(request.system)
        ? []
        : [{ type: 'text', text: cleanText(request.system), cache_control: CACHE }],
      messages: toMessages(request.messages),
      ...(request.tools.length > 0 && { tools: toTools(request) }),
      stream: true,
    };
  }
}

async function read(
  stream: AsyncIterable<Anthropic.RawMessageStreamEvent>,
  attempt: Attempt,
): Promise<ModelResponse> {
  const answer = new Answer(attempt.onDelta);
  const usage: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  let model = attempt.request.model;
  let stop: Anthropic.StopReason | null = null;
  let ended = false;
  let call: ReturnType<Answer['call']> | undefined;
  let thinking: Anthropic.ThinkingBlockParam | undefined;

  attempt.meter(() => ({ ...usage, outputTokens: Math.max(usage.outputTokens, answer.estimatedTokens()) }));
  for await (const event of stream) {
    switch (event.type) {
      case 'message_start':
        model = event.message.model;
        count(usage, event.message.usage);
        break;
      case 'content_block_start': {
        const block = event.content_block;
        if (block.type === 'text') answer.text(block.text);
        if (block.type === 'tool_use') call = answer.call(block.id, block.name);
        if (block.type === 'redacted_thinking') answer.hide('anthropic', block);
        if (block.type === 'thinking') {
          thinking = { type: 'thinking', thinking: block.thinking, signature: block.signature };
          answer.hide('anthropic', thinking);
        }
        break;
      }
      case 'content_block_delta': {
        const { delta } = event;
        if (delta.type === 'text_delta') answer.text(delta.text);
        if (delta.type === 'input_json_delta' && call) call.json += delta.partial_json;
        if (delta.type === 'thinking_delta' && thinking) thinking.thinking += delta.thinking;
        if (delta.type === 'signature_delta' && thinking) thinking.signature += delta.signature;
        break;
      }
      case 'message_delta':
        stop = event.delta.stop_reason;
        answer.text(event.delta.stop_details?.explanation ?? '');
        count(usage, event.usage);
        break;
      case 'message_stop':
        ended = true;
        break;
      case 'content_block_stop':
        break;
    }
    // Sent before the model has said anything.
    if (event.type !== 'message_start') attempt.progress();
  }
  if (!ended) throw cutStream();
  return {
    message: answer.message(STOPS[stop ?? 'end_turn'] === 'max_tokens', attempt.request.session.turn),
    stop: STOPS[stop ?? 'end_turn'],
    usage,
    model,
  };
}

const STOPS: Record<Anthropic.StopReason, ModelResponse['stop']> = {
  end_turn: 'end',
  stop_sequence: 'end',
  pause_turn: 'end',
  tool_use: 'tool_calls',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'max_tokens',
  refusal: 'refusal',
};

/** Later events give totals, not increments, and leave out what they do not know. */
function count(usage: Usage, said: Partial<Anthropic.Usage | Anthropic.MessageDeltaUsage>): void {
  usage.inputTokens = said.input_tokens ?? usage.inputTokens;
  usage.outputTokens = said.output_tokens ?? usage.outputTokens;
  usage.cacheReadTokens = said.cache_read_input_tokens ?? usage.cacheReadTokens;
  usage.cacheWriteTokens = said.cache_creation_input_tokens ?? usage.cacheWriteTokens;
}

function toTools(request: ModelRequest): Anthropic.Tool[] {
  return request.tools.map((tool, index) => ({
    name: tool.name,
    description: tool.description,
    input_schema: tool.inputSchema as Anthropic.Tool.InputSchema,
    ...(index === request.tools.length - 1 && { cache_control: CACHE }),
  }));
}

/** The last two messages of the user are marked: the one finds what the call before wrote, the other writes anew. */
function toMessages(messages: Message[]): Anthropic.MessageParam[] {
  const marked = new Set(messages.filter((message) => message.role === 'user').slice(-2));
  return messages
    .map((message) => (message.role === 'user' ? toUser(message, marked.has(message)) : toAssistant(message)))
    .filter((message) => message.content.length > 0);
}

function toUser(message: UserMessage, marked: boolean): Anthropic.MessageParam {
  const content: (Anthropic.TextBlockParam | Anthropic.ToolResultBlockParam)[] = [];
  for (const part of message.content) {
    if (part.type === 'text') {
      if (!isBlank(part.text)) content.push({ type: 'text', text: cleanText(part.text) });
    } else {
      content.push({
        type: 'tool_result',
        tool_use_id: part.callId,
        content: isBlank(part.text) ? '(empty)' : cleanText(part.text),
        is_error: part.isError,
      });
    }
  }
  const last = content.at(-1);
  if (marked && last) last.cache_control = CACHE;
  return { role: 'user', content };
}

function toAssistant(message: AssistantMessage): Anthropic.MessageParam {
  const content: Anthropic.ContentBlockParam[] = [];
  message.content.forEach((part, index) => {
    content.push(...(hiddenAt(message, 'anthropic', index) as Anthropic.ThinkingBlockParam[]));
    if (part.type === 'tool_call') {
      content.push({ type: 'tool_use', id: part.id, name: cleanToolName(part.name), input: callInput(part) });
    } else if (!isBlank(part.text)) {
      content.push({ type: 'text', text: cleanText(part.text) });
    }
  });
  return { role: 'assistant', content };
}
