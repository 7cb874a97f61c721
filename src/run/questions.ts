import { randomUUID } from 'node:crypto';
import type { Agent } from './agent-pool.ts';
import type { RunContext } from './context.ts';

/** How often a waiting agent looks whether its question was answered; answers come from people. */
const POLL_MS = 200;

/**
 * Asks the user and waits. A question that this session asked before, in the same words, is not asked twice: after a
 * crash the answer may already be there.
 */
export async function askUser(
  context: RunContext,
  asked: { session: string; agent: Agent; question: string; signal: AbortSignal },
): Promise<string> {
  const { session, agent, question, signal } = asked;
  const { questions } = context.state;
  let id = [...questions].find(([, q]) => q.session === session && q.question === question)?.[0];
  if (id === undefined) {
    id = randomUUID().slice(0, 8);
    await context.emit({ type: 'question.asked', id, session, agent: agent.id, question });
  }
  for (;;) {
    const answer = questions.get(id)?.answer ?? null;
    if (answer !== null) return answer;
    await sleep(POLL_MS, signal);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
