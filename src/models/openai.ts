import OpenAI, { AzureOpenAI } from 'openai';
import type { ChatCompletionChunk, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { ChatCompletionMessageFunctionToolCall } from 'openai/resources/chat/completions';
import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Usage } from '../protocol/usage.ts';
import { Answer } from './answer.ts';
import type { Attempt, Backend } from './backend.ts';
import type { AssistantMessage, Message, ModelRequest, ModelResponse, UserMessage } from './client.ts';
import { cutStream } from './failures.ts';
import type { Provider } from './providers.ts';
import { callInput, cleanText, cleanToolName, hiddenAt, isBlank } from './serialize.ts';
import { estimateInputTokens } from './tokens.ts';

/** In what the servers behind the one protocol differ. */
interface Dialect {
  maxTokens: 'max_tokens' | 'max_completion_tokens';
  temperature: boolean;
  /** Usage at the end of the stream, on request. */
  streamUsage: boolean;
}

/** Their reasoning models take no temperature. */
const REASONING = /^(o\d|gpt-[5-9])/;

const DIALECTS: Partial<Record<Provider, (model: string) => Dialect>> = {
  openai: (model) => ({
    maxTokens: 'max_completion_tokens',
    temperature: !REASONING.test(model),
    streamUsage: true,
  }),
  azure: (model) => ({
    maxTokens: 'max_completion_tokens',
    temperature: !REASONING.test(model),
    streamUsage: true,
  }),
};

const PLAIN: Dialect = { maxTokens: 'max_tokens', temperature: true, streamUsage: true };

/** How a server's 400 shows that it speaks another dialect than assumed. */
const CORRECTIONS: { refused: RegExp; wrong: (dialect: Dialect) => boolean; right: Partial<Dialect> }[] = [
  {
    refused: /max_completion_tokens.{0,80}instead/i,
    wrong: (dialect) => dialect.maxTokens === 'max_tokens',
    right: { maxTokens: 'max_completion_tokens' },
  },
  {
    refused: /max_completion_tokens/i,
    wrong: (dialect) => dialect.maxTokens === 'max_completion_tokens',
    right: { maxTokens: 'max_tokens' },
  },
  { refused: /temperature/i, wrong: (dialect) => dialect.temperature, right: { temperature: false } },
  { refused: /stream_options/i, wrong: (dialect) => dialect.streamUsage, right: { streamUsage: false } },
];

export interface OpenAIOptions {
  provider: Provider;
  model: string;
  baseURL: string;
  apiKey: string;
  /** Azure only. */
  apiVersion: string;
}

/** Chat completions, which OpenAI, Azure, Gemini, OpenRouter, Ollama and vLLM all serve. */
export class OpenAIBackend implements Backend {
  readonly #options: OpenAIOptions;
  #dialect: Dialect;

  constructor(options: OpenAIOptions) {
    this.#options = options;
    this.#dialect = DIALECTS[options.provider]?.(options.model) ?? PLAIN;
  }

  adapt(message: string): boolean {
    const correction = CORRECTIONS.find(
      ({ refused, wrong }) => refused.test(message) && wrong(this.#dialect),
    );
    if (correction) this.#dialect = { ...this.#dialect, ...correction.right };
    return correction !== undefined;
  }

  async attempt(attempt: Attempt): Promise<ModelResponse> {
    const { request } = attempt;
    const client = this.#client(attempt.fetch);
    const stream = await client.chat.completions.create(this.#body(request), { signal: attempt.signal });
    return read(stream, attempt, this.#options.provider);
  }

  #client(fetch: typeof globalThis.fetch): OpenAI {
    const { provider, baseURL, apiKey, apiVersion } = this.#options;
    const common = { apiKey, maxRetries: 0, timeout: 2 ** 31 - 1, logLevel: 'off', fetch } as const;
    // Azure's newer address needs no version and speaks the protocol as it is.
    if (provider === 'azure' && !/\/openai\/v1$/.test(baseURL)) {
      return new AzureOpenAI({ ...common, endpoint: baseURL, apiVersion });
    }
    return new OpenAI({
      ...common,
      baseURL,
      // The organisation in the environment is nobody else's business.
      ...(provider !== 'openai' && { organization: null, project: null }),
      ...(provider === 'azure' && { defaultHeaders: { 'api-key': apiKey } }),
    });
  }

  #body(request: ModelRequest): ChatCompletionCreateParamsStreaming {
    const { maxTokens, temperature, streamUsage } = this.#dialect;
    return {
      model: request.model,
      messages: toMessages(request, this.#options.provider),
      stream: true,
      [maxTokens]: request.maxTokens,
      ...(streamUsage && { stream_options: { include_usage: true } }),
      ...(temperature && { temperature: request.temperature }),
      ...(request.tools.length > 0 && {
        tools: request.tools.map((tool) => ({
          type: 'function' as const,
          function: { name: tool.name, description: tool.description, parameters: tool.inputSchema },
        })),
      }),
    };
  }
}

async function read(
  stream: AsyncIterable<ChatCompletionChunk>,
  attempt: Attempt,
  provider: Provider,
): Promise<ModelResponse> {
  const { request } = attempt;
  const answer = new Answer(attempt.onDelta);
  const calls = new CallAssembly(answer, provider);
  let usage: CompletionUsage | undefined;
  let finish: ChatCompletionChunk.Choice['finish_reason'] = null;
  let { model } = request;
  const spent = (): Usage => (usage ? toUsage(usage) : estimate(request, answer));

  attempt.meter(spent);
  for await (const chunk of stream) {
    if (chunk.model) model = chunk.model;
    // The last chunk has the usage and no choice; some servers count in every chunk.
    if (chunk.usage) usage = chunk.usage;
    const choice = chunk.choices[0];
    if (choice?.delta?.content) answer.text(choice.delta.content);
    if (choice?.delta?.refusal) answer.text(choice.delta.refusal);
    for (const delta of choice?.delta?.tool_calls ?? []) calls.add(delta);
    if (choice?.finish_reason) finish = choice.finish_reason;
    attempt.progress();
  }
  if (finish === null) throw cutStream();
  const stop = answer.hasCalls && finish === 'stop' ? 'tool_calls' : STOPS[finish];
  return {
    message: answer.message(stop === 'max_tokens', request.session.turn),
    stop,
    usage: spent(),
    model,
  };
}

const STOPS: Record<NonNullable<ChatCompletionChunk.Choice['finish_reason']>, ModelResponse['stop']> = {
  stop: 'end',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  length: 'max_tokens',
  content_filter: 'refusal',
};

type CallDelta = ChatCompletionChunk.Choice.Delta.ToolCall & { extra_content?: unknown };

/** Puts tool calls together; not every server numbers them, and some give all of them the same number. */
class CallAssembly {
  readonly #answer: Answer;
  readonly #provider: string;
  readonly #byIndex = new Map<number, ReturnType<Answer['call']>>();
  #last: ReturnType<Answer['call']> | undefined;

  constructor(answer: Answer, provider: string) {
    this.#answer = answer;
    this.#provider = provider;
  }

  add(delta: CallDelta): void {
    const index = delta.index as number | undefined;
    const id = delta.id ?? '';
    const name = delta.function?.name ?? '';
    let call = index === undefined ? this.#last : this.#byIndex.get(index);
    const isNew = call === undefined || (id !== '' && name !== '' && call.name !== '' && call.id !== id);
    if (call === undefined || isNew) {
      call = this.#answer.call(id, name);
      if (index !== undefined) this.#byIndex.set(index, call);
      this.#last = call;
    } else {
      if (call.id === '') call.id = id;
      if (call.name === '') call.name = name;
    }
    call.json += delta.function?.arguments ?? '';
    // Gemini signs its reasoning here and refuses the next request without it.
    if (delta.extra_content !== undefined) this.#answer.hide(this.#provider, delta.extra_content, 'last');
  }
}

function toUsage(said: CompletionUsage): Usage {
  const cacheReadTokens = said.prompt_tokens_details?.cached_tokens ?? 0;
  const cacheWriteTokens = said.prompt_tokens_details?.cache_write_tokens ?? 0;
  return {
    inputTokens: Math.max(0, said.prompt_tokens - cacheReadTokens - cacheWriteTokens),
    outputTokens: said.completion_tokens,
    cacheReadTokens,
    cacheWriteTokens,
  };
}

function estimate(request: ModelRequest, answer: Answer): Usage {
  return {
    inputTokens: estimateInputTokens(request),
    outputTokens: answer.estimatedTokens(),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
  };
}

function toMessages(request: ModelRequest, provider: Provider): ChatCompletionMessageParam[] {
  const system: ChatCompletionMessageParam[] = isBlank(request.system)
    ? []
    : [{ role: 'system', content: cleanText(request.system) }];
  return [...system, ...request.messages.flatMap((message) => toMessage(message, provider))];
}

function toMessage(message: Message, provider: Provider): ChatCompletionMessageParam[] {
  return message.role === 'user' ? toUser(message) : toAssistant(message, provider);
}

/** Each tool result is a message of its own, and all of them come before what the user says. */
function toUser(message: UserMessage): ChatCompletionMessageParam[] {
  const results: ChatCompletionMessageParam[] = [];
  const texts: string[] = [];
  for (const part of message.content) {
    if (part.type === 'tool_result') {
      const text = cleanText(part.isError ? `Error: ${part.text}` : part.text);
      results.push({ role: 'tool', tool_call_id: part.callId, content: isBlank(text) ? '(empty)' : text });
    } else if (!isBlank(part.text)) {
      texts.push(cleanText(part.text));
    }
  }
  return texts.length > 0 ? [...results, { role: 'user', content: texts.join('\n\n') }] : results;
}

function toAssistant(message: AssistantMessage, provider: Provider): ChatCompletionMessageParam[] {
  const texts: string[] = [];
  const calls: (ChatCompletionMessageFunctionToolCall & { extra_content?: unknown })[] = [];
  message.content.forEach((part, index) => {
    if (part.type === 'text') {
      if (!isBlank(part.text)) texts.push(cleanText(part.text));
      return;
    }
    const [extra] = hiddenAt(message, provider, index);
    calls.push({
      id: part.id,
      type: 'function',
      function: { name: cleanToolName(part.name), arguments: JSON.stringify(callInput(part)) },
      ...(extra !== undefined && { extra_content: extra }),
    });
  });
  if (texts.length === 0 && calls.length === 0) return [];
  return [
    {
      role: 'assistant',
      content: texts.length > 0 ? texts.join('\n\n') : null,
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ];
}
