import type { AssistantMessage, HiddenPart, ModelDelta, ToolCallPart } from './client.ts';
import { estimateMessageTokens } from './tokens.ts';

interface OpenCall {
  type: 'open_call';
  id: string;
  name: string;
  json: string;
}

/** An answer while it streams in; the same for every provider. */
export class Answer {
  readonly #parts: ({ type: 'text'; text: string } | OpenCall)[] = [];
  readonly #hidden: HiddenPart[] = [];
  readonly #onDelta: (delta: ModelDelta) => void;

  constructor(onDelta: (delta: ModelDelta) => void) {
    this.#onDelta = onDelta;
  }

  text(text: string): void {
    if (text === '') return;
    const last = this.#parts.at(-1);
    if (last?.type === 'text') last.text += text;
    else this.#parts.push({ type: 'text', text });
    this.#onDelta({ type: 'text', text });
  }

  /** Begins a tool call; its arguments are appended to `json`, its name may come later. */
  call(id: string, name: string): OpenCall {
    const call: OpenCall = { type: 'open_call', id, name, json: '' };
    this.#parts.push(call);
    if (name !== '') this.#onDelta({ type: 'tool_call', name });
    return call;
  }

  /** Keeps what the provider wants back in front of the next part, or with the last one. */
  hide(provider: string, data: unknown, place: 'next' | 'last' = 'next'): void {
    const before = place === 'next' ? this.#parts.length : this.#parts.length - 1;
    this.#hidden.push({ provider, before, data });
  }

  get hasCalls(): boolean {
    return this.#parts.some((part) => part.type === 'open_call');
  }

  /** `cutOff`: the answer ended at the token limit, so that the last call may be a torso. */
  message(cutOff: boolean, turn: number): AssistantMessage {
    const ids = new Set<string>();
    const kept = this.#parts.map((part, index) => {
      if (part.type === 'text') return part;
      const id = unusedId(part.id, `call_${turn}_${index}`, ids);
      return part.name === '' ? null : finishedCall(part, id, cutOff && index === this.#parts.length - 1);
    });
    // A call without a name cannot be answered; what was hidden before it moves up.
    const shift = (before: number) => kept.slice(0, before).filter((part) => part !== null).length;
    const hidden = this.#hidden.map((part) => ({ ...part, before: shift(part.before) }));
    return {
      role: 'assistant',
      content: kept.filter((part) => part !== null),
      ...(hidden.length > 0 && { hidden }),
    };
  }

  estimatedTokens(): number {
    return estimateMessageTokens(this.message(false, 0));
  }
}

/** Some servers give no ids, or the same one twice. */
function unusedId(given: string, fallback: string, used: Set<string>): string {
  const id = given === '' || used.has(given) ? fallback : given;
  used.add(id);
  return id;
}

function finishedCall(call: OpenCall, id: string, torso: boolean): ToolCallPart {
  const { name, json } = call;
  // Tools without parameters are called with nothing at all by some models.
  if (json.trim() === '' && !torso) return { type: 'tool_call', id, name, input: {} };
  try {
    return { type: 'tool_call', id, name, input: JSON.parse(json) as unknown };
  } catch {
    return { type: 'tool_call', id, name, input: {}, malformed: json };
  }
}
