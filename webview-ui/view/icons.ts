import type { TaskState } from '../../src/protocol/task.ts';
import { svg } from './dom.ts';

/** Drawn for a field of 16 by 16: lines of 1.3, or areas where `area` says so. */
interface Icon {
  d: string;
  area?: boolean;
}

const RING = 'M8 2.2a5.8 5.8 0 1 0 0 11.6 5.8 5.8 0 0 0 0-11.6Z';
const DISC = 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z';
const dot = (x: number, y: number, r: number) =>
  `M${x} ${y - r}a${r} ${r} 0 1 0 0 ${2 * r} ${r} ${r} 0 0 0 0-${2 * r}Z`;

export const STATE_ICONS: Record<TaskState, Icon> = {
  pending: { d: RING },
  ready: { d: `${RING}${dot(8, 8, 1.6)}` },
  running: { d: 'M8 2.2a5.8 5.8 0 1 1-5.8 5.8' },
  validating: {
    d: 'M5.7 2.2h4.6M6.6 2.2v4.2L3.2 12.3a1 1 0 0 0 .9 1.5h7.8a1 1 0 0 0 .9-1.5L9.4 6.4V2.2M4.8 9.8h6.4',
  },
  review: { d: `M1.4 8S3.9 3.6 8 3.6 14.6 8 14.6 8 12.1 12.4 8 12.4 1.4 8 1.4 8Z${dot(8, 8, 1.9)}` },
  queued: {
    d: `${dot(4.4, 3.6, 1.6)}${dot(4.4, 12.4, 1.6)}${dot(11.6, 8.6, 1.6)}M4.4 5.2v5.6M4.4 5.2c0 2.4 2 3.4 5.6 3.4`,
  },
  merged: { d: `${DISC}M7 11.2 3.9 8.1l1-1L7 9.2l4.1-4.1 1 1Z`, area: true },
  blocked: { d: `${RING}M5 8h6` },
  failed: {
    d: `${DISC}M5 6l1-1 2 2 2-2 1 1-2 2 2 2-1 1-2-2-2 2-1-1 2-2Z`,
    area: true,
  },
  cancelled: { d: `${RING}M3.9 3.9l8.2 8.2` },
  skipped: { d: 'M3.4 3.4 9.6 8l-6.2 4.6ZM12.4 3.4v9.2' },
};

export const ICONS = {
  search: { d: 'M6.8 2.4a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8ZM10 10l3.8 3.8' },
  plus: { d: 'M8 3v10M3 8h10' },
  minus: { d: 'M3 8h10' },
  fit: { d: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10' },
  path: {
    d: `${dot(3.2, 12.2, 1.5)}${dot(12.8, 3.8, 1.5)}M4.7 12.2h4.1a2.1 2.1 0 0 0 0-4.2H7.2a2.1 2.1 0 0 1 0-4.2h4.1`,
  },
  timeline: { d: 'M2 4h6M5 8h6M9 12h5' },
  person: { d: `${dot(8, 5, 2.5)}M3 13.8c0-2.8 2.2-4.6 5-4.6s5 1.8 5 4.6` },
} as const satisfies Record<string, Icon>;

/** Decoration: what it means is always said in a text beside it or in a label. */
export function icon({ d, area = false }: Icon, name = ''): SVGSVGElement {
  const path = svg('path', { d, class: area ? 'area' : 'lines' });
  return svg('svg', { class: `icon ${name}`.trim(), viewBox: '0 0 16 16', 'aria-hidden': 'true' }, path);
}

export function stateIcon(state: TaskState): SVGSVGElement {
  return icon(STATE_ICONS[state], `state s-${state}`);
}
