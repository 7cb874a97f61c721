/** What an answer may be: the actions of `SLM/GRAMMAR.md`, which is written from the grammars of the training. */

export interface Action {
  label: string;
  /** Its words as they are said. */
  words: readonly string[];
  /** What is copied from the prompt behind them; null: nothing. */
  slot: string | null;
  /** How many words of the prompt the slot may take. */
  span: number;
  /** The sentence that goes with it. */
  text: string;
}

/** Labels in the order of the kernel's intents; the last one is the refusal. */
export type Grammar = ReadonlyMap<string, readonly Action[]>;

const SPANS: Readonly<Record<string, number>> = { words: 4, chip: 3 };

/** Slots of one word that may look like anything. */
export const NAMES: ReadonlySet<string> = new Set([
  'pkg',
  'service',
  'user',
  'driver',
  'host',
  'prog',
  'word',
]);

/** The words that are no name wherever there is another, from GRAMMAR.md. */
export function readPlainWords(markdown: string): ReadonlySet<string> {
  const [, words] = /^## Plain words$[^]*?^```\n([^]*?)\n```$/m.exec(markdown) ?? [];
  if (words === undefined) throw new Error('GRAMMAR.md has no plain words');
  return new Set(words.split(/\s+/));
}

/** Reads the tables of GRAMMAR.md. */
export function readGrammar(markdown: string): Grammar {
  const kinds = [...(/^`\[kind\]` is one of: (.*)$/m.exec(markdown)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(
    ([, kind]) => kind!,
  );
  const grammar = new Map<string, Action[]>();
  const [, actions = ''] = markdown.split(/^## Actions$/m);
  for (const section of actions.split(/^### /m).slice(1)) {
    const label = /^[A-Z_]+/.exec(section)?.[0] ?? '';
    const rows = [...section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)];
    grammar.set(
      label,
      rows.flatMap(([, line, text]) =>
        (line!.includes('[kind]') ? kinds : ['']).map((kind) =>
          actionOf(label, line!.replace('[kind]', kind), text!),
        ),
      ),
    );
  }
  if (grammar.size === 0) throw new Error('GRAMMAR.md has no actions');
  return grammar;
}

function actionOf(label: string, line: string, text: string): Action {
  const words = line.split(' ');
  const slot = /^<(\w+)>$/.exec(words.at(-1)!)?.[1] ?? null;
  return {
    label,
    words: slot === null ? words : words.slice(0, -1),
    slot,
    span: SPANS[slot ?? ''] ?? 1,
    text,
  };
}
