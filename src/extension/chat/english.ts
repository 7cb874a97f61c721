import type { Translate } from './run-text.ts';

/** Texts for models stay in English, whatever the user's language. */
export const english: Translate = (message, ...args) =>
  message.replace(/\{(\d+)\}/g, (all, index: string) => String(args[Number(index)] ?? all));
