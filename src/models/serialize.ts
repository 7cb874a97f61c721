import type { AssistantMessage, ToolCallPart } from './client.ts';

/** Providers refuse half surrogate pairs, which cutting a text in the middle can leave behind. */
export function cleanText(text: string): string {
  return text.toWellFormed();
}

/** Providers refuse text parts without visible characters. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Models invent tool names that providers then refuse to read back. */
export function cleanToolName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'unnamed';
}

/** The arguments as an object: what was not one is in the tool's error message, and providers accept nothing else. */
export function callInput(call: ToolCallPart): Record<string, unknown> {
  const { input } = call;
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? (input as Record<string, unknown>) : {};
}

/** What this provider hid before the part at `index`, or with it. */
export function hiddenAt(message: AssistantMessage, provider: string, index: number): unknown[] {
  return (message.hidden ?? [])
    .filter((part) => part.provider === provider && part.before === index)
    .map((part) => part.data);
}
