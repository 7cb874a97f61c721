/** One measured figure against what the project promises. */
export interface Figure {
  name: string;
  /** In `unit`; the median where there are several samples. */
  value: number;
  unit: string;
  /** The promise: at most or at least so much. */
  target?: { atMost: number } | { atLeast: number };
  /** The same of something else on the same machine, and which of two values is the better one. */
  beside?: { name: string; value: number; better: 'less' | 'more' };
  /** How it was measured, and the spread: "15 boots, 71-95 ms". */
  note: string;
}

/** A part that cannot be measured on this machine, and why; no failure. */
export class Skipped extends Error {}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** "min-max unit" of samples. */
export function spread(samples: readonly number[], unit: string): string {
  return `${round(Math.min(...samples))}-${round(Math.max(...samples))} ${unit}`;
}

export function meets({ value, target }: Figure): boolean | null {
  if (!target) return null;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

/** Markdown tables, as they stand in the READMEs. */
export function table(figures: readonly Figure[]): string {
  const tables = [figures.filter(({ beside }) => !beside).map(promised), figures.flatMap(compared)];
  const heads = ['| What | Measured | Promise | How |\n|---|---|---|---|', compareHead(figures)];
  return tables
    .map((rows, i) => (rows.length > 0 ? [heads[i], ...rows].join('\n') : ''))
    .filter(Boolean)
    .join('\n\n');
}

function promised(figure: Figure): string {
  const { target, unit } = figure;
  const promise = !target
    ? ''
    : 'atMost' in target
      ? `<= ${target.atMost} ${unit}`
      : `>= ${target.atLeast} ${unit}`;
  const mark = meets(figure) === false ? ' (missed)' : '';
  return `| ${figure.name} | ${round(figure.value)} ${unit}${mark} | ${promise} | ${figure.note} |`;
}

function compareHead(figures: readonly Figure[]): string {
  const other = figures.find(({ beside }) => beside)?.beside?.name;
  return `| What | AUTON | ${other} | Times as good | How |\n|---|---|---|---|---|`;
}

function compared({ name, value, unit, beside, note }: Figure): string[] {
  if (!beside) return [];
  const times = beside.better === 'less' ? beside.value / value : value / beside.value;
  return [
    `| ${name} | ${round(value)} ${unit} | ${round(beside.value)} ${unit} | ${round(times)} | ${note} |`,
  ];
}

export function round(value: number): number {
  return Number(value.toPrecision(3));
}
