/** Providers that take a key. */
export const KEY_NAMES = ['anthropic', 'openai', 'gemini', 'openrouter', 'azure', 'vllm'] as const;
export type KeyName = (typeof KEY_NAMES)[number];
