/** One measured figure against what the project promises. */
export interface Figure {
  name: string;
  /** In `unit`; the median where there are several samples. */
  value: number;
  unit: string;
  /** The promise: at most or at least so much. */
  target?: { atMost: number } | { atLeast: number };
  /** How it was measured, and the spread: "15 boots, 71-95 ms". */
  note: string;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** "min-max unit" of samples. */
export function spread(samples: readonly number[], unit: string): string {
  return `${round(Math.min(...samples))}-${round(Math.max(...samples))} ${unit}`;
}

export function meets({ value, target }: Figure): boolean | null {
  if (!target) return null;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

/** A Markdown table, as it stands in the README. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { target, unit } = figure;
    const promise = !target
      ? ''
      : 'atMost' in target
        ? `<= ${target.atMost} ${unit}`
        : `>= ${target.atLeast} ${unit}`;
    const mark = meets(figure) === false ? ' (missed)' : '';
    return `| ${figure.name} | ${round(figure.value)} ${unit}${mark} | ${promise} | ${figure.note} |`;
  });
  return ['| What | Measured | Promise | How |', '|---|---|---|---|', ...rows].join('\n');
}

export function round(value: number): number {
  return Number(value.toPrecision(3));
}
