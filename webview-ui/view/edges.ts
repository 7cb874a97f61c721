import type { Layout, PlacedEdge, Point } from '../model/layout.ts';
import type { Part } from '../model/viewport.ts';
import { svg } from './dom.ts';

const ARROW = { length: 7, half: 3.5 } as const;
const KINDS = ['plain', 'critical', 'selected'] as const;
type Kind = (typeof KINDS)[number];

/** The edges: one path for all of a kind, so that thousands are as quick to move as one. */
export class Edges {
  readonly element = svg('svg', { class: 'edges', 'aria-hidden': 'true' });
  readonly #group = svg('g');
  readonly #paths: Record<Kind, { line: SVGPathElement; heads: SVGPathElement }>;

  constructor() {
    const pair = (kind: Kind) => ({
      line: svg('path', { class: `line ${kind}` }),
      heads: svg('path', { class: `heads ${kind}` }),
    });
    this.#paths = { plain: pair('plain'), critical: pair('critical'), selected: pair('selected') };
    for (const kind of KINDS) this.#group.append(this.#paths[kind].line, this.#paths[kind].heads);
    this.element.append(this.#group);
  }

  /** Those that touch this part of the graph. */
  draw(layout: Layout, critical: readonly string[], selected: string | null, part: Part): void {
    const next = new Map(critical.map((id, index) => [id, critical[index + 1]]));
    const drawn: Record<Kind, { line: string; heads: string }> = {
      plain: { line: '', heads: '' },
      critical: { line: '', heads: '' },
      selected: { line: '', heads: '' },
    };
    for (const edge of layout.edges) {
      if (!reaches(edge, part)) continue;
      const touches = edge.from === selected || edge.to === selected;
      const kind = next.get(edge.from) === edge.to ? 'critical' : touches ? 'selected' : 'plain';
      drawn[kind].line += lineOf(edge);
      drawn[kind].heads += headOf(edge);
    }
    for (const kind of KINDS) {
      this.#paths[kind].line.setAttribute('d', drawn[kind].line);
      this.#paths[kind].heads.setAttribute('d', drawn[kind].heads);
    }
  }

  move(x: number, y: number, zoom: number): void {
    this.#group.setAttribute('transform', `translate(${x} ${y}) scale(${zoom})`);
  }
}

/** An edge goes from left to right, and no higher or lower than its points. */
function reaches({ points }: PlacedEdge, { left, top, right, bottom }: Part): boolean {
  if (points[0]!.x > right || points.at(-1)!.x < left) return false;
  return points.some(({ y }) => y <= bottom) && points.some(({ y }) => y >= top);
}

/** Bends that begin and end level, as the columns do. */
function lineOf({ points }: PlacedEdge): string {
  const end = points.at(-1)!;
  const stops = [...points.slice(0, -1), { x: end.x - ARROW.length, y: end.y }];
  let path = `M${at(stops[0]!)}`;
  for (const [index, to] of stops.slice(1).entries()) {
    const from = stops[index]!;
    const middle = (from.x + to.x) / 2;
    path +=
      from.y === to.y
        ? `L${at(to)}`
        : `C${at({ x: middle, y: from.y })} ${at({ x: middle, y: to.y })} ${at(to)}`;
  }
  return path;
}

function headOf({ points }: PlacedEdge): string {
  const { x, y } = points.at(-1)!;
  return `M${at({ x, y })}l${-ARROW.length} ${-ARROW.half}v${2 * ARROW.half}Z`;
}

const at = ({ x, y }: Point) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
