import type { Message, ModelRequest } from './client.ts';

/**
 * Tokenisers differ; source code takes between three and four bytes a token. The lower bound is used because the
 * estimate is for reservations, where too much is released again and too little breaks the budget.
 */
const BYTES_PER_TOKEN = 3;

export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text, 'utf8') / BYTES_PER_TOKEN);
}

/** An estimate of the whole prompt: system, tools and conversation. */
export function estimateInputTokens(request: ModelRequest): number {
  let tokens = estimateTokens(request.system) + estimateTokens(JSON.stringify(request.tools));
  for (const message of request.messages) tokens += estimateMessageTokens(message);
  return tokens;
}

export function estimateMessageTokens(message: Message): number {
  let tokens = 0;
  for (const part of message.content) {
    tokens += estimateTokens(part.type === 'tool_call' ? JSON.stringify(part.input) + part.name : part.text);
  }
  return tokens;
}
