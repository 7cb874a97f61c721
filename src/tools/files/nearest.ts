/** The lines of a file that are most like some others. */
export interface NearPlace {
  /** From 1. */
  line: number;
  lines: string[];
  onlyWhiteSpace: boolean;
}

/** Below this likeness a place is not worth showing. */
const MIN_LIKENESS = 0.4;
/** Comparing costs file lines times wanted lines. */
const MAX_WANTED_LINES = 50;

/** Where an edit was probably meant: the window of lines with the greatest likeness; undefined when none is like it. */
export function nearestPlace(file: string[], wanted: string[]): NearPlace | undefined {
  const goal = trimBlank(wanted).slice(0, MAX_WANTED_LINES).map(pairsOf);
  if (goal.length === 0) return undefined;
  const have = file.map(pairsOf);
  let best = { start: 0, likeness: 0 };
  for (let start = 0; start < have.length; start++) {
    let sum = likeness(have[start]!, goal[0]!);
    // A window begins where its first line fits at least a little: this keeps the search linear in practice.
    if (
      sum < MIN_LIKENESS &&
      goal.length > 1 &&
      likeness(have[start + 1] ?? NOTHING, goal[1]!) < MIN_LIKENESS
    )
      continue;
    for (let i = 1; i < goal.length; i++) sum += likeness(have[start + i] ?? NOTHING, goal[i]!);
    if (sum / goal.length > best.likeness) best = { start, likeness: sum / goal.length };
  }
  if (best.likeness < MIN_LIKENESS) return undefined;
  const lines = file.slice(best.start, best.start + goal.length);
  return { line: best.start + 1, lines, onlyWhiteSpace: squeeze(lines) === squeeze(trimBlank(wanted)) };
}

function trimBlank(lines: string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex((line) => line.trim() !== '') + 1);
}

function squeeze(lines: string[]): string {
  return lines.join('').replace(/\s+/g, '');
}

/** Pairs of neighbouring characters, white space aside, with how often each is there. */
type Pairs = Map<string, number>;
const NOTHING: Pairs = new Map();

function pairsOf(line: string): Pairs {
  const text = `^${line.replace(/\s+/g, '').slice(0, 400)}$`;
  const pairs: Pairs = new Map();
  for (let i = 0; i + 1 < text.length; i++) {
    const pair = text.slice(i, i + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

/** Dice coefficient: 1 for equal lines, 0 for lines without a pair in common. */
function likeness(a: Pairs, b: Pairs): number {
  let common = 0;
  for (const [pair, count] of a) common += Math.min(count, b.get(pair) ?? 0);
  const total = sizeOf(a) + sizeOf(b);
  return total === 0 ? 1 : (2 * common) / total;
}

function sizeOf(pairs: Pairs): number {
  let size = 0;
  for (const count of pairs.values()) size += count;
  return size;
}
