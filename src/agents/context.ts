import type { Message, ToolResultPart } from '../models/client.ts';

/** Characters of conversation beyond which old tool results are left out; about 150,000 tokens. */
const ELIDE_ABOVE = 500_000;
/** What is kept whole: the newest part of the conversation, in characters. */
const KEEP_RECENT = 250_000;
/** The boundary moves in steps of this many messages, so that the provider's prompt cache survives between them. */
const STEP = 16;
/** Results shorter than this stay: they cost less than the note that would replace them. */
const WORTH_ELIDING = 400;

/**
 * The conversation as it is sent: whole while it is short, with old tool results elided when it is long. What the
 * agent itself said always stays, and so does the opening.
 */
export function fitContext(messages: Message[]): Message[] {
  const sizes = messages.map(messageSize);
  let total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= ELIDE_ABOVE) return messages;
  let boundary = 0;
  while (boundary < messages.length && total > KEEP_RECENT) total -= sizes[boundary++]!;
  boundary = Math.min(Math.ceil(boundary / STEP) * STEP, messages.length - 2);
  return messages.map((message, index) =>
    index < boundary && message.role === 'user' ? elide(message) : message,
  );
}

function elide(message: Extract<Message, { role: 'user' }>): Message {
  return {
    role: 'user',
    content: message.content.map((part) =>
      part.type === 'tool_result' && part.text.length > WORTH_ELIDING ? elideResult(part) : part,
    ),
  };
}

function elideResult(part: ToolResultPart): ToolResultPart {
  const firstLine = part.text.split('\n', 1)[0]!.slice(0, 200);
  return {
    ...part,
    text: `${firstLine}\n[${part.text.length} characters left out; call the tool again if needed]`,
  };
}

function messageSize(message: Message): number {
  let size = 0;
  for (const part of message.content) {
    size += part.type === 'tool_call' ? JSON.stringify(part.input).length : part.text.length;
  }
  return size;
}
