import { errorMessage } from '../../../src/protocol/errors.ts';

/** How long anything may take before a test gives it up. Two slow, busy cores are the measure. */
export const PATIENCE_MS = 60_000;

/**
 * Asks until the answer is neither null, undefined nor false, and returns it. What it waited for and what it saw
 * last are in the error.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  {
    timeoutMs = PATIENCE_MS,
    everyMs = 50,
    saw,
  }: { timeoutMs?: number; everyMs?: number; saw?: () => unknown } = {},
): Promise<Exclude<T, null | undefined | false>> {
  const end = Date.now() + timeoutMs;
  let problem: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) {
        return answer as Exclude<T, null | undefined | false>;
      }
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end) break;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  const last = problem
    ? `; the last attempt: ${errorMessage(problem)}`
    : saw
      ? `; there was: ${show(await saw())}`
      : '';
  throw new Error(`Waited ${timeoutMs / 1000} s for ${what}${last}`);
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
