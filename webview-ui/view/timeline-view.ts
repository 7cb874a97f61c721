import { agentLanes, taskLanes, ticks, type Bar, type Lane } from '../model/timeline.ts';
import { clockText, oneLine } from '../model/units.ts';
import type { RunModel } from '../run-model.ts';
import { el, setAttribute, svg } from './dom.ts';
import { STATE_ICONS } from './icons.ts';
import type { Words } from './words.ts';

export interface TimelineEvents {
  open(task: string): void;
  select(task: string): void;
  zoomed(zoom: number): void;
}

const ROW = 24;
const AXIS = 22;
const BAR = 16;
/** Room at the right for the mark of the last moment. */
const END = 28;
const ZOOM = { min: 1, max: 200 } as const;
/** Wide enough for a label; letters of the small font are about that wide. */
const LETTER = 6.4;

/**
 * The time line: lanes from top to bottom, time of work from left to right. The element scrolls as any other; what is
 * drawn is only what is in sight.
 */
export class TimelineView {
  readonly element: HTMLElement;
  readonly #space = el('div', { class: 'space', role: 'presentation' });
  readonly #picture = svg('svg', { class: 'lanes', role: 'list' });
  readonly #words: Words;
  readonly #events: TimelineEvents;
  #model: RunModel;
  #kind: 'agents' | 'tasks';
  #zoom: number;
  #lanes: Lane[] = [];
  #selected: string | null = null;
  #shown: (task: string) => boolean = () => true;
  #frame = 0;
  /** Not shown yet since the lanes were chosen: begin where work is done. */
  #fresh = true;

  constructor(
    model: RunModel,
    words: Words,
    { lanes, zoom }: { lanes: 'agents' | 'tasks'; zoom: number },
    events: TimelineEvents,
  ) {
    this.#model = model;
    this.#words = words;
    this.#kind = lanes;
    this.#zoom = zoom;
    this.#events = events;
    this.element = el(
      'div',
      { class: 'timeline', tabindex: 0, role: 'region', 'aria-label': words.say('timeline') },
      this.#space,
    );
    this.#space.append(this.#picture);
    this.element.addEventListener('scroll', () => this.#draw());
    this.element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.element.addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    this.refresh();
  }

  setModel(model: RunModel): void {
    this.#model = model;
    this.refresh();
  }

  setKind(kind: 'agents' | 'tasks'): void {
    this.#kind = kind;
    this.#fresh = true;
    this.refresh();
  }

  setLook(selected: string | null, shown: (task: string) => boolean): void {
    this.#selected = selected;
    this.#shown = shown;
    this.refresh();
  }

  refresh(): void {
    const { agents, tasks, run, clock } = this.#model;
    const all = [...tasks.values()];
    this.#lanes =
      this.#kind === 'agents'
        ? agentLanes([...agents.values()], all, run.work, clock)
        : taskLanes(all, clock).filter(({ id }) => this.#shown(id));
    this.#draw();
  }

  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    const names = Math.min(260, Math.max(110, width * 0.22));
    const length = (width - names - END) * this.#zoom;
    this.#space.style.width = `${names + length + END}px`;
    this.#space.style.height = `${Math.max(height, AXIS + this.#lanes.length * ROW + 4)}px`;
    setAttribute(this.#picture, 'width', String(width));
    setAttribute(this.#picture, 'height', String(height));
    if (this.#fresh) {
      const active = this.#lanes.findIndex((lane) => lane.active);
      this.element.scrollTop = active * ROW - height / 3;
      this.#fresh = false;
    }
    const { scrollLeft, scrollTop } = this.element;
    const scale = length / Math.max(1000, this.#model.clock.total);
    const x = (ms: number) => names + ms * scale - scrollLeft;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - 1);
    const rows = this.#lanes.slice(first, first + Math.ceil(height / ROW) + 3);
    const y = (index: number) => AXIS + (first + index) * ROW - scrollTop;

    const clip = svg('clipPath', { id: 'lane-area' }, svg('rect', { x: names, y: AXIS, width, height }));
    const area = svg('g', { 'clip-path': 'url(#lane-area)' }, ...this.#marks(x, width, height));
    const labels = svg('g', {});
    for (const [index, lane] of rows.entries()) {
      const row = y(index);
      area.append(this.#lane(lane, x, row, width));
      labels.append(this.#name(lane, row, names));
    }
    const nameClip = svg(
      'clipPath',
      { id: 'name-area' },
      svg('rect', { x: 0, y: AXIS, width: names - 8, height }),
    );
    labels.setAttribute('clip-path', 'url(#name-area)');
    this.#picture.replaceChildren(clip, nameClip, area, labels, this.#axis(x, width, names));
  }

  #lane(lane: Lane, x: (ms: number) => number, y: number, width: number): SVGElement {
    const row = svg('g', { role: 'listitem', 'aria-label': this.#describe(lane) });
    row.append(svg('line', { class: 'rule', x1: 0, x2: width, y1: y + ROW - 0.5, y2: y + ROW - 0.5 }));
    for (const bar of lane.bars) {
      const [left, right] = [x(bar.from), x(bar.to)];
      if (right < 0 || left > width) continue;
      row.append(bar.to === bar.from ? this.#mark(bar, left, y) : this.#bar(bar, left, right, y));
    }
    return row;
  }

  #bar(bar: Bar, left: number, right: number, y: number): SVGElement {
    const width = Math.max(3, right - left - 1);
    const top = y + (ROW - BAR) / 2;
    const faded = bar.task !== null && !this.#shown(bar.task) ? ' faded' : '';
    const selected = bar.task !== null && bar.task === this.#selected ? ' selected' : '';
    const group = svg('g', { class: `bar s-${bar.state}${faded}${selected}` });
    if (bar.task !== null) group.dataset['task'] = bar.task;
    group.append(svg('rect', { x: left, y: top, width, height: BAR, rx: 2 }));
    const visible = Math.min(right, this.element.clientWidth) - Math.max(left, 0);
    const letters = Math.floor((visible - 8) / LETTER);
    if (bar.label !== '' && letters >= 3) {
      const at = { x: Math.max(left, 0) + 5, y: top + BAR / 2, class: 'label' };
      group.append(svg('text', at, shorten(bar.label, letters)));
    }
    const what = bar.label === '' ? this.#words.say(`state.${bar.state}`) : bar.label;
    group.append(svg('title', {}, `${what}\n${clockText(bar.from)} – ${clockText(bar.to)}`));
    return group;
  }

  #mark(bar: Bar, x: number, y: number): SVGElement {
    const { d, area } = STATE_ICONS[bar.state];
    const group = svg('g', {
      class: `mark s-${bar.state}`,
      transform: `translate(${x + 2} ${y + (ROW - 14) / 2}) scale(0.875)`,
    });
    if (bar.task !== null) group.dataset['task'] = bar.task;
    group.append(svg('path', { d, class: area ? 'area' : 'lines' }));
    group.append(svg('title', {}, `${this.#words.say(`state.${bar.state}`)} ${clockText(bar.from)}`));
    return group;
  }

  #name(lane: Lane, y: number, width: number): SVGElement {
    const group = svg('g', {
      class: `name${lane.active ? ' active' : ''}${lane.id === this.#selected ? ' selected' : ''}`,
    });
    if (this.#kind === 'tasks') group.dataset['task'] = lane.id;
    const note = oneLine(lane.note);
    const letters = Math.floor((width - 28) / LETTER) - lane.id.length;
    group.append(
      svg('rect', { x: 0, y, width, height: ROW, class: 'ground' }),
      svg(
        'text',
        { x: 12, y: y + ROW / 2 },
        svg('tspan', { class: 'id' }, lane.id),
        svg('tspan', { class: 'note', dx: 8 }, shorten(note, letters)),
      ),
      svg('title', {}, note === '' ? lane.id : `${lane.id}\n${note}`),
    );
    return group;
  }

  /** Vertical lines: the marks of the axis, interruptions, and now. */
  #marks(x: (ms: number) => number, width: number, height: number): SVGElement[] {
    const { clock } = this.#model;
    const line = (at: number, name: string) =>
      svg('line', { class: name, x1: at, x2: at, y1: AXIS, y2: height });
    const lines = this.#ticks(width).map((ms) => line(x(ms), 'grid'));
    for (const { at, ms } of clock.breaks) {
      const mark = svg('g', {}, line(x(at), 'break'));
      mark.append(svg('title', {}, this.#words.say('paused', clockText(ms))));
      lines.push(mark as unknown as SVGLineElement);
    }
    if (this.#model.running) lines.push(line(x(clock.total), 'now'));
    return lines;
  }

  #axis(x: (ms: number) => number, width: number, names: number): SVGElement {
    const axis = svg('g', { class: 'axis', 'aria-hidden': 'true' });
    axis.append(svg('rect', { x: 0, y: 0, width, height: AXIS, class: 'ground' }));
    const end = x(this.#model.clock.total);
    for (const ms of this.#ticks(width)) {
      const at = x(ms);
      // Not over the names, and not under the word "now".
      if (at < names - 4 || (this.#model.running && Math.abs(at - end) < 44)) continue;
      axis.append(svg('text', { x: at, y: AXIS / 2 }, clockText(ms)));
    }
    if (this.#model.running && end > names) {
      const text = this.#words.say('now');
      axis.append(svg('text', { x: end, y: AXIS / 2, class: 'now' }, text));
    }
    axis.append(svg('line', { class: 'rule', x1: 0, x2: width, y1: AXIS - 0.5, y2: AXIS - 0.5 }));
    return axis;
  }

  #ticks(width: number): number[] {
    return ticks(this.#model.clock.total, width * this.#zoom);
  }

  #describe({ id, note, bars }: Lane): string {
    const pieces = bars.map(({ label, state, from, to }) => {
      const what = label === '' ? this.#words.say(`state.${state}`) : label;
      return from === to ? `${what} ${clockText(from)}` : `${what} ${clockText(from)} – ${clockText(to)}`;
    });
    return [id, oneLine(note), ...pieces].filter(Boolean).join(', ');
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const before = this.#zoom;
    this.#zoom = Math.min(ZOOM.max, Math.max(ZOOM.min, before * Math.exp(-event.deltaY * 0.005)));
    const { left } = this.element.getBoundingClientRect();
    const names = Math.min(260, Math.max(110, this.element.clientWidth * 0.22));
    const at = event.clientX - left - names;
    const to = ((this.element.scrollLeft + at) * this.#zoom) / before - at;
    this.#drawNow();
    this.element.scrollLeft = to;
    this.#events.zoomed(this.#zoom);
    this.#draw();
  }

  #click(event: Event): void {
    const hit = event.target instanceof Element ? event.target.closest<SVGElement>('[data-task]') : null;
    const task = hit?.dataset['task'];
    if (task === undefined) return;
    this.#events.select(task);
    this.#events.open(task);
  }
}

/** SVG does not shorten by itself. */
function shorten(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, Math.max(0, letters - 1)).trimEnd()}…`;
}
