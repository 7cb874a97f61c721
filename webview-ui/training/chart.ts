import type { Point } from '../../src/extension/training/training-log.ts';
import { svg } from '../view/dom.ts';

/** A line and dots of the same training. */
export interface Curve {
  /** Decides on colour and dash. */
  index: number;
  line: readonly Point[];
  dots: readonly Point[];
}

const WIDTH = 460;
const HEIGHT = 220;
const MARGIN = { left: 48, right: 24, top: 8, bottom: 36 };
const TICKS = 5;

/** Curves over steps. With `share` the values are parts of 1 and shown as per cent. */
export function chart(
  curves: readonly Curve[],
  { axis, share = false }: { axis: string; share?: boolean },
): SVGElement {
  const all = curves.flatMap(({ line, dots }) => [...line, ...dots]);
  const right = Math.max(1, ...all.map(({ step }) => step));
  const [low, high] = range(
    all.map(({ value }) => value),
    share,
  );
  const x = (step: number) => MARGIN.left + (step / right) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) =>
    HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const path = (points: readonly Point[]) =>
    points
      .map(({ step, value }, i) => `${i ? 'L' : 'M'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('');
  const word = (value: number) => (share ? `${Math.round(value * 100)} %` : String(value));
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' },
    ...ticks(low, high).map((value) =>
      svg(
        'g',
        { class: 'tick' },
        svg('line', { x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: y(value), y2: y(value) }),
        svg('text', { x: MARGIN.left - 6, y: y(value) + 4, 'text-anchor': 'end' }, word(value)),
      ),
    ),
    ...ticks(0, right).map((step) =>
      svg('text', { class: 'step', x: x(step), y: HEIGHT - 20, 'text-anchor': 'middle' }, String(step)),
    ),
    svg('text', { class: 'axis', x: WIDTH - MARGIN.right, y: HEIGHT - 4, 'text-anchor': 'end' }, axis),
    ...curves.map(({ index, line, dots }) =>
      svg(
        'g',
        { class: `c${index}` },
        svg('path', { class: 'curve', d: path(line) }),
        svg('path', { class: 'between', d: path(dots) }),
        ...dots.map(({ step, value }) =>
          svg(
            'circle',
            { cx: x(step), cy: y(value), r: 3 },
            svg('title', {}, `${step}: ${share ? `${(value * 100).toFixed(1)} %` : value.toFixed(3)}`),
          ),
        ),
      ),
    ),
  );
}

/** What the picture spans: shares up to 1, losses from 0. */
function range(values: readonly number[], share: boolean): [number, number] {
  if (values.length === 0) return [0, 1];
  if (share) return [Math.max(0, Math.floor(Math.min(...values) * 10) / 10 - 0.1), 1];
  return [0, Math.max(...values) * 1.05 || 1];
}

/** Round numbers in a range. */
function ticks(low: number, high: number): number[] {
  const rough = (high - low) / TICKS;
  const size = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= rough)!;
  const found: number[] = [];
  for (let i = Math.ceil(low / unit - 1e-9); i * unit <= high + 1e-9; i++)
    found.push(Number((i * unit).toPrecision(6)));
  return found;
}
