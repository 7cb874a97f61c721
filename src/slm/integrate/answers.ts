import type { KernelChat } from '../../kernel/interactive.ts';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { printable } from '../../protocol/printable.ts';
import type { Answer } from './report.ts';

/** The specification's bounds. */
export const MAX_ANSWER_MS = 5000;
const MIN_CHARACTERS = 10;

/** A prompt, and what an answer must say that is true. */
interface Expected {
  prompt: string;
  says: RegExp;
}

/** The prompts of the specification, and an id that no table has: nobody may make up a name for it. */
export const PROMPTS: readonly Expected[] = [
  { prompt: 'PCI device 8086:10d3 is', says: /82574L/ },
  { prompt: 'Install nginx on Debian', says: /nginx/i },
  { prompt: 'List all PCI devices:', says: /[0-9a-f]{4}:[0-9a-f]{4}/ },
  { prompt: 'what is dead:beef', says: /not in my table|unknown|do not know|not listed/i },
];

/** Asks one after the other and judges what comes; a question that gets no answer is the last. */
export async function askAll(chat: KernelChat, prompts: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const prompt of prompts) {
    try {
      const answer = await ask(chat, prompt);
      // A busy machine is slow once, a slow model always.
      answers.push(answer.ms > MAX_ANSWER_MS ? await ask(chat, prompt) : answer);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      answers.push({ prompt, answer: `(${errorMessage(error)})`, ms: 0, coherent: false, accurate: false });
      break;
    }
  }
  return answers;
}

async function ask(chat: KernelChat, prompt: string): Promise<Answer> {
  const begun = performance.now();
  const answer = printable(await chat.ask(prompt)).trim();
  return judge(prompt, answer, performance.now() - begun);
}

export function judge(prompt: string, answer: string, ms: number): Answer {
  const expected = PROMPTS.find((known) => known.prompt === prompt);
  return {
    ...{ prompt, answer, ms: Math.round(ms), coherent: isCoherent(answer) },
    accurate: expected ? expected.says.test(answer) : null,
  };
}

/** Words, not the same one again and again, and no noise. */
function isCoherent(answer: string): boolean {
  const words = answer.toLowerCase().match(/\p{L}{2,}/gu) ?? [];
  const letters = answer.match(/[\p{L}\p{N} ]/gu)?.length ?? 0;
  const different = new Set(words).size;
  return (
    answer.length > MIN_CHARACTERS &&
    different >= 3 &&
    different > words.length / 5 &&
    letters > answer.length / 2
  );
}

/** What is wrong with answers, or null. */
export function answersProblem(answers: readonly Answer[]): string | null {
  for (const { prompt, answer, ms, coherent, accurate } of answers) {
    const shown = `"${prompt}": "${answer.slice(0, 120)}"`;
    if (!coherent) return `no sensible answer to ${shown}`;
    if (accurate === false) return `a wrong answer to ${shown}`;
    if (ms > MAX_ANSWER_MS) return `the answer to "${prompt}" took ${(ms / 1000).toFixed(1)} s`;
  }
  return null;
}
