/** What a model of a size must reach. */
export interface Goals {
  /** Of answers in unseen wording, a token. */
  maxPerplexity: number;
  /** Share of hand-written sentences, none of them trained on, whose intent is found. */
  minBenchmark: number;
}

/** By parameters: the first whose limit is not passed. */
const TIERS: readonly { upTo: number; goals: Goals }[] = [
  { upTo: 20e6, goals: { maxPerplexity: 50, minBenchmark: 0.7 } },
  { upTo: 100e6, goals: { maxPerplexity: 30, minBenchmark: 0.7 } },
  { upTo: 300e6, goals: { maxPerplexity: 20, minBenchmark: 0.7 } },
  { upTo: Infinity, goals: { maxPerplexity: 15, minBenchmark: 0.7 } },
];

export function goalsFor(parameters: number, own: Partial<Goals>): Goals {
  return { ...TIERS.find(({ upTo }) => parameters <= upTo)!.goals, ...own };
}

/** How far the parameters may be from what the name says: nano_1M has 1.2 million. */
const NAME_TOLERANCE = 0.25;

/** What the name of a configuration says of its size; null when it says nothing. */
export function sizeInName(name: string): number | null {
  const found = /_(\d+(?:\.\d+)?)([KMB])$/.exec(name);
  if (!found) return null;
  return Number(found[1]) * { K: 1e3, M: 1e6, B: 1e9 }[found[2] as 'K' | 'M' | 'B'];
}

export function fitsName(name: string, parameters: number): boolean {
  const size = sizeInName(name);
  return size !== null && Math.abs(parameters - size) <= NAME_TOLERANCE * size;
}
