import {
  CancellationTokenSource,
  l10n,
  LanguageModelChatMessage,
  LanguageModelError,
  LanguageModelTextPart,
  LanguageModelToolCallPart,
  LanguageModelToolResultPart,
  type CancellationToken,
  type LanguageModelChat,
} from 'vscode';
import {
  EditorModelError,
  type EditorMessage,
  type EditorModelAnswer,
  type EditorModelHandler,
  type EditorModelRequest,
} from '../../protocol/editor-models.ts';
import { errorMessage } from '../../protocol/errors.ts';
import type { Ctx } from '../ctx.ts';
import { findEditorModel } from './editor-models.ts';
import { failureKind } from './failure-kind.ts';

/** Answers for the engine with one of the editor's language models. */
export const completeWithEditor: EditorModelHandler = async (request, onText, signal) => {
  const cancellation = new CancellationTokenSource();
  const cancel = () => cancellation.cancel();
  signal.addEventListener('abort', cancel);
  try {
    signal.throwIfAborted();
    return await complete(request, onText, cancellation.token);
  } catch (error) {
    signal.throwIfAborted();
    throw toModelError(error);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancellation.dispose();
  }
};

async function complete(
  request: EditorModelRequest,
  onText: (text: string) => void,
  token: CancellationToken,
): Promise<EditorModelAnswer> {
  const chat = await findEditorModel(request.model);
  // Names and ranges of `modelOptions` are each provider's own, so that the length and the temperature stay its own.
  const response = await chat.sendRequest(
    toChatMessages(request),
    {
      justification: JUSTIFICATION(),
      tools: request.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    },
    token,
  );
  const content: EditorModelAnswer['content'] = [];
  for await (const part of response.stream) {
    if (part instanceof LanguageModelTextPart) {
      const last = content.at(-1);
      if (last?.type === 'text') last.text += part.value;
      else content.push({ type: 'text', text: part.value });
      onText(part.value);
    } else if (part instanceof LanguageModelToolCallPart) {
      content.push({ type: 'tool_call', id: part.callId, name: part.name, input: part.input });
    }
  }
  const usage = await countUsage(chat, request, content, token);
  return { content, model: `${chat.vendor}/${chat.id}`, ...(usage && { usage }) };
}

const JUSTIFICATION = () =>
  l10n.t('Agents of AUTON plan, write and review a kernel with it. A run makes many requests.');

/**
 * Lets the editor ask the user whether AUTON may use a model, which it does at the first request and only when the user
 * has just done something: an agent could not ask later.
 */
export async function askConsent(ctx: Ctx, chat: LanguageModelChat): Promise<void> {
  if (ctx.extension.languageModelAccessInformation.canSendRequest(chat) === true) return;
  const prompt = [LanguageModelChatMessage.User('Answer with one word: ready')];
  try {
    const { text } = await chat.sendRequest(prompt, { justification: JUSTIFICATION() });
    for await (const _ of text) break;
  } catch (error) {
    throw toModelError(error);
  }
}

/** The editor's API knows no system message: what it would say comes first. */
function toChatMessages({ system, messages }: EditorModelRequest): LanguageModelChatMessage[] {
  return [
    ...(system === '' ? [] : [LanguageModelChatMessage.User(system)]),
    ...messages.map((message) =>
      message.role === 'user'
        ? LanguageModelChatMessage.User(message.content.map(toUserPart))
        : LanguageModelChatMessage.Assistant(message.content.map(toAssistantPart)),
    ),
  ];
}

function toUserPart(part: Extract<EditorMessage, { role: 'user' }>['content'][number]) {
  if (part.type === 'text') return new LanguageModelTextPart(part.text);
  const text = part.isError ? `Error: ${part.text}` : part.text;
  return new LanguageModelToolResultPart(part.callId, [new LanguageModelTextPart(text)]);
}

function toAssistantPart(part: Extract<EditorMessage, { role: 'assistant' }>['content'][number]) {
  if (part.type === 'text') return new LanguageModelTextPart(part.text);
  return new LanguageModelToolCallPart(part.id, part.name, part.input as object);
}

/** As the model counts them; null when it cannot, and the engine estimates. */
async function countUsage(
  chat: LanguageModelChat,
  { system, messages, tools }: EditorModelRequest,
  answer: EditorModelAnswer['content'],
  token: CancellationToken,
): Promise<EditorModelAnswer['usage'] | null> {
  try {
    const sent = [system, ...messages.flatMap(({ content }) => content.map(textOf)), JSON.stringify(tools)];
    const [inputTokens, outputTokens] = await Promise.all([
      chat.countTokens(sent.join('\n'), token),
      chat.countTokens(answer.map(textOf).join('\n'), token),
    ]);
    return { inputTokens, outputTokens };
  } catch {
    return null;
  }
}

function textOf(part: EditorMessage['content'][number]): string {
  return part.type === 'tool_call' ? `${part.name} ${JSON.stringify(part.input)}` : part.text;
}

function toModelError(error: unknown): EditorModelError {
  if (error instanceof EditorModelError) return error;
  const code = error instanceof LanguageModelError ? error.code : '';
  const { cause } = error as { cause?: unknown };
  const words = [errorMessage(error), ...(cause === undefined ? [] : [errorMessage(cause)])];
  const said = [...new Set(words)].filter((text) => text !== '').join(': ');
  return new EditorModelError(failureKind(code, said), said);
}
