import { EXIT, UserError } from '../../protocol/errors.ts';
import type { Architecture, WorkflowMode } from '../../protocol/roles.ts';
import type { Playbook } from './load.ts';
import { termsFor, withTerms } from './terms.ts';

/** Throws a UserError that says what the playbook covers, when that is not what is asked for. */
export function assertCovers(
  playbook: Playbook,
  wanted: { goal: string; arch: Architecture; mode: WorkflowMode },
): void {
  const outside: string[] = [];
  const { goals, keywords } = playbook;
  const words = withTerms({ goals, keywords }, termsFor(playbook, wanted.arch));
  if (!coversGoal(words, wanted.goal)) outside.push(`the goal "${wanted.goal}"`);
  if (!playbook.arch.includes(wanted.arch)) outside.push(wanted.arch);
  if (playbook.mode !== wanted.mode) outside.push(`the workflow mode ${wanted.mode}`);
  if (outside.length === 0) return;
  throw new UserError(
    `The playbook "${playbook.name}" is a recording and does not cover ${outside.join(' or ')}. ${whatItCovers(playbook)}`,
    HOW_TO_USE_A_MODEL,
    { exitCode: EXIT.usage },
  );
}

export function whatItCovers(playbook: Playbook): string {
  const goals = playbook.goals.map((goal) => `"${goal}"`).join(', ');
  return `It covers (${playbook.mode}, ${playbook.arch.join(', ')}): ${goals}.`;
}

export const HOW_TO_USE_A_MODEL =
  'For any other goal use a language model: set ANTHROPIC_API_KEY (or OPENAI_API_KEY, GEMINI_API_KEY, ' +
  'OPENROUTER_API_KEY) or run a local one with --model ollama/<model>.';

/**
 * True when a goal asks for what the playbook does: every word of it that carries meaning is known to the playbook,
 * and it says at least half of one of its goals. One unknown word ("without", "Rust") is enough to refuse: playing
 * the recording for another goal would be a pretence.
 */
export function coversGoal(playbook: Pick<Playbook, 'goals' | 'keywords'>, goal: string): boolean {
  const asked = contentWords(goal);
  const goals = playbook.goals.map(contentWords);
  const known = new Set([
    ...goals.flatMap((words) => [...words]),
    ...contentWords(playbook.keywords.join(' ')),
  ]);
  if (![...asked].every((word) => known.has(word))) return false;
  return goals.some((words) => [...words].filter((word) => asked.has(word)).length * 2 >= words.size);
}

const EMPTY_WORDS = new Set(
  'a an the that which who with and of for to in on at by via using from as it its this my our me us i we please can you could would is are be'.split(
    ' ',
  ),
);

function contentWords(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}_+#]+/gu) ?? [];
  return new Set(words.filter((word) => !EMPTY_WORDS.has(word)).map(singular));
}

/** "detects" is "detect" and "kernels" is "kernel". */
function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
