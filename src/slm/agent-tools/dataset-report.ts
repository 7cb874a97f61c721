/** `statistics.json` of a data set, as far as it is looked at. */
export interface Statistics {
  hash: string;
  vocabulary?: number;
  sources?: Record<string, number>;
  licences?: Record<string, string>;
  templates?: Record<string, number>;
  surface_forms?: number;
  language?: { tokens?: number };
  [split: string]: unknown;
}

interface Split {
  examples: number;
  distinct_prompts?: number;
  tokens?: number;
  labels?: Record<string, number>;
  held_out_sentences_dropped?: number;
}

/** More of one label than this many times another, and the model learns to guess the first. */
const UNEVEN = 4;
/** Fewer different prompts than this share, and the model sees the same sentences again and again. */
const REPEATED = 0.3;

/** What is in a data set, and what of it will hurt training, in lines. */
export function datasetReport(statistics: Statistics): string[] {
  const splits = Object.entries(statistics).filter((entry): entry is [string, Split] => isSplit(entry[1]));
  const { sources = {}, templates = {}, licences = {}, language } = statistics;
  return [
    `Data set ${statistics.hash.slice(0, 12)}${statistics.vocabulary ? `, vocabulary of ${statistics.vocabulary}` : ''}.`,
    `Sources: ${list(sources)}. Language: ${language?.tokens ?? 0} tokens.`,
    `Templates: ${list(templates)}.`,
    ...splits.map(([name, split]) => describeSplit(name, split)),
    `Licences: ${Object.entries(licences)
      .map(([source, licence]) => `${source}: ${licence}`)
      .join('; ')}.`,
    ...warnings(sources, splits),
  ];
}

function isSplit(value: unknown): value is Split {
  return (
    typeof value === 'object' && value !== null && 'examples' in value && typeof value.examples === 'number'
  );
}

function describeSplit(name: string, split: Split): string {
  const parts = [
    `${split.examples} examples`,
    ...(split.distinct_prompts === undefined ? [] : [`${split.distinct_prompts} different prompts`]),
    ...(split.tokens === undefined
      ? []
      : [`${split.tokens} tokens, ${(split.tokens / split.examples).toFixed(1)} each`]),
    ...(split.labels === undefined ? [] : [`labels: ${list(split.labels)}`]),
    ...(split.held_out_sentences_dropped
      ? [`${split.held_out_sentences_dropped} held-out sentences dropped`]
      : []),
  ];
  return `${name}: ${parts.join('; ')}.`;
}

function warnings(sources: Record<string, number>, splits: [string, Split][]): string[] {
  const empty = Object.entries(sources).flatMap(([source, count]) => (count === 0 ? [source] : []));
  const found = empty.length > 0 ? [`nothing was found for ${empty.join(', ')}`] : [];
  for (const [name, { examples, distinct_prompts: distinct, labels }] of splits) {
    const counts = Object.values(labels ?? {});
    if (counts.length > 0 && Math.max(...counts) > UNEVEN * Math.min(...counts))
      found.push(`the labels of ${name} are uneven`);
    if (name === 'train' && distinct !== undefined && distinct < REPEATED * examples)
      found.push(`only ${Math.round((100 * distinct) / examples)} % of the prompts of ${name} are different`);
  }
  return found.length > 0 ? [`Look at: ${found.join('; ')}.`] : ['Nothing about it looks wrong.'];
}

const list = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';
