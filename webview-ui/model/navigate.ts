import type { Layout, PlacedNode } from './layout.ts';

export type Direction = 'left' | 'right' | 'up' | 'down' | 'first' | 'last';

/**
 * Where an arrow key leads from a node: left and right along its edges, to the nearest of those it depends on or that
 * depend on it; up and down inside its column. `shown` leaves out what a filter hides. null: there is nothing there.
 */
export function neighbour(
  layout: Layout,
  from: string | null,
  direction: Direction,
  shown: (id: string) => boolean,
): string | null {
  const nodes = [...layout.nodes.values()].filter(({ id }) => shown(id));
  const here = from === null ? undefined : layout.nodes.get(from);
  if (!here || direction === 'first' || direction === 'last') {
    const ordered = nodes.sort((a, b) => a.column - b.column || a.y - b.y);
    return (direction === 'last' ? ordered.at(-1) : ordered[0])?.id ?? null;
  }
  if (direction === 'up' || direction === 'down') {
    const sign = direction === 'down' ? 1 : -1;
    const beyond = nodes.filter(({ column, y }) => column === here.column && (y - here.y) * sign > 0);
    return nearest(beyond, here);
  }
  const linked = layout.edges.flatMap(({ from: a, to: b }) =>
    direction === 'right' ? (a === here.id ? [b] : []) : b === here.id ? [a] : [],
  );
  return nearest(
    linked.filter(shown).flatMap((id) => layout.nodes.get(id) ?? []),
    here,
  );
}

function nearest(nodes: readonly PlacedNode[], to: PlacedNode): string | null {
  const distance = ({ x, y }: PlacedNode) => Math.abs(y - to.y) + Math.abs(x - to.x) / 4;
  let best: PlacedNode | null = null;
  for (const node of nodes) if (best === null || distance(node) < distance(best)) best = node;
  return best?.id ?? null;
}
