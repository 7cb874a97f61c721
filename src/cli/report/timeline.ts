import type { RunState, TaskView } from '../../protocol/run-state.ts';
import { FINAL_STATES, type TaskState } from '../../protocol/task.ts';
import type { StoredRun } from '../../run/runs.ts';
import { workClock } from '../live/summary.ts';
import { clock, duration } from '../../protocol/units.ts';
import { escapeXml, label, STATE_COLOURS, svg } from './svg.ts';

const LEFT = 170;
const CHART = 760;
const ROW = 22;
const TOP = 34;
/** States in which somebody or something works on the task. */
const WORKED: TaskState[] = ['running', 'validating', 'review', 'queued'];

/**
 * When each task was worked on, checked, reviewed and merged: one row a task, in the order they began. Time in which
 * the run was stopped is left out.
 */
export function timelineSvg({ state, events }: Pick<StoredRun, 'state' | 'events'>): string {
  const tasks = [...state.tasks.values()].filter((task) => spans(task, state.updatedAt).length > 0);
  tasks.sort((a, b) => (firstWork(a) < firstWork(b) ? -1 : 1));
  const worked = workClock(events);
  const length = Math.max(1, worked(Infinity));
  const x = (at: number) => LEFT + (worked(at) / length) * CHART;
  const height = TOP + tasks.length * ROW + 14;
  const rows = tasks.map((task, index) => taskRow(task, state, TOP + index * ROW, x));
  const body = axis(length, height) + rows.join('') + legend();
  return svg(LEFT + CHART + 20, height, `Timeline of ${tasks.length} tasks`, body);
}

interface Span {
  state: TaskState;
  from: number;
  to: number;
}

function spans(task: TaskView, end: string): Span[] {
  return task.timeline.flatMap(({ state, at }, index) => {
    if (!WORKED.includes(state)) return [];
    const next = task.timeline[index + 1]?.at ?? end;
    return [{ state, from: Date.parse(at), to: Date.parse(next) }];
  });
}

function firstWork(task: TaskView): string {
  return task.timeline.find(({ state }) => WORKED.includes(state))?.at ?? '';
}

function taskRow(task: TaskView, state: RunState, y: number, x: (at: number) => number): string {
  const bars = spans(task, state.updatedAt).map((span) => {
    const width = Math.max(1.5, x(span.to) - x(span.from));
    const tip = `${task.spec.id}: ${span.state}, ${duration(span.to - span.from)}`;
    return `<rect x="${x(span.from).toFixed(1)}" y="${y + 4}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="2" fill="${STATE_COLOURS[span.state]}"><title>${escapeXml(tip)}</title></rect>`;
  });
  const last = task.timeline.at(-1);
  const end =
    last && FINAL_STATES.has(last.state)
      ? `<circle cx="${x(Date.parse(last.at)).toFixed(1)}" cy="${y + ROW / 2}" r="3.5" fill="${STATE_COLOURS[last.state]}"><title>${escapeXml(`${task.spec.id}: ${last.state}`)}</title></circle>`
      : '';
  const name = `<text class="label" x="${LEFT - 10}" y="${y + ROW / 2 + 4}" text-anchor="end">${escapeXml(label(task.spec.id, 24))}</text>`;
  return name + bars.join('') + end;
}

/** About six marks at round times. */
function axis(length: number, height: number): string {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];
  const step = (steps.find((seconds) => length / (seconds * 1000) <= 8) ?? 86_400) * 1000;
  const marks: string[] = [];
  for (let at = 0; at <= length; at += step) {
    const place = (LEFT + (at / length) * CHART).toFixed(1);
    marks.push(
      `<line class="line" x1="${place}" x2="${place}" y1="${TOP - 4}" y2="${height - 8}"/>`,
      `<text class="quiet" x="${place}" y="${TOP - 8}" text-anchor="middle">${clock(at)}</text>`,
    );
  }
  return marks.join('');
}

const LEGEND: Partial<Record<TaskState, string>> = {
  running: 'agent works',
  validating: 'built and booted',
  review: 'review',
  queued: 'merge',
};

function legend(): string {
  return Object.entries(LEGEND)
    .map(([state, what], index) => {
      const left = LEFT + index * 130;
      return `<rect x="${left}" y="4" width="10" height="10" rx="2" fill="${STATE_COLOURS[state as TaskState]}"/><text class="quiet" x="${left + 15}" y="13">${what}</text>`;
    })
    .join('');
}
