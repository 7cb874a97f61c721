import type { TaskInfo } from '../../src/extension/graph/messages.ts';
import { layoutGraph, NODE, type Layout } from '../model/layout.ts';
import { neighbour, type Direction } from '../model/navigate.ts';
import {
  centre,
  contains,
  fit,
  inSight,
  keepInSight,
  READABLE,
  reveal,
  snug,
  ZOOM,
  zoomAt,
  type Part,
  type Size,
  type Viewport,
} from '../model/viewport.ts';
import type { RunModel } from '../run-model.ts';
import { Card, cardId } from './card.ts';
import { el, setAttribute } from './dom.ts';
import { Edges } from './edges.ts';
import type { Words } from './words.ts';

export interface GraphEvents {
  select(task: string | null): void;
  /** Show it in the tree of runs. */
  open(task: string): void;
  changes(task: string): void;
  /** The user moved the picture; null: it shows everything, whatever the size. */
  moved(view: Viewport | null): void;
}

export interface GraphLook {
  selected: string | null;
  critical: boolean;
  shown: (task: TaskInfo) => boolean;
}

/** Below, a card shows its state and name in large, and further below only its state. */
const NEAR = 0.6;
const FAR = 0.25;
/** A graph that is too large to be shown as a whole begins like this. */
const LARGE = 0.85;
/** So many pixels of a drag are still a click. */
const CLICK_SLACK = 4;
const PAN_STEP = 60;

const DIRECTIONS: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'first',
  End: 'last',
};

/** The graph. Only the cards in sight are in the document; the edges are few paths. */
export class GraphView {
  readonly element: HTMLElement;
  readonly #nodes = el('div', { class: 'nodes', role: 'presentation' });
  readonly #edges = new Edges();
  readonly #cards = new Map<string, Card>();
  readonly #words: Words;
  readonly #events: GraphEvents;
  #model: RunModel;
  #layout: Layout;
  #look: GraphLook = { selected: null, critical: true, shown: () => true };
  #view: Viewport | null;
  #drawnEdges = '';
  #drawnPart: Part = { left: 0, top: 0, right: 0, bottom: 0 };
  #frame = 0;
  /** The last press moved the picture: the click that ends it is none. */
  #dragged = false;

  constructor(model: RunModel, words: Words, view: Viewport | null, events: GraphEvents) {
    this.#model = model;
    this.#words = words;
    this.#view = view;
    this.#events = events;
    this.#layout = layoutGraph([...model.tasks.values()]);
    const keys = el('span', { class: 'hidden-text', id: 'graph-keys' }, words.say('keys'));
    this.element = el(
      'div',
      {
        class: 'graph',
        tabindex: 0,
        role: 'listbox',
        'aria-label': words.say('graph'),
        'aria-describedby': keys.id,
      },
      this.#edges.element,
      this.#nodes,
      keys,
    );
    this.#listen();
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** Another set of tasks. */
  setModel(model: RunModel): void {
    this.#model = model;
    this.#layout = layoutGraph([...model.tasks.values()]);
    for (const [id, card] of this.#cards) {
      const node = this.#layout.nodes.get(id);
      if (node) card.move(node);
    }
    this.#drawnEdges = '';
    this.refresh();
  }

  setLook(look: GraphLook): void {
    this.#look = look;
    this.refresh();
  }

  /** Draws anew what changed: these tasks, or all that are in sight. */
  refresh(tasks?: Iterable<string>): void {
    for (const id of tasks ?? this.#cards.keys()) this.#update(id);
    this.#draw();
  }

  /** The clocks of what is at work go on. */
  tick(): void {
    for (const [id, card] of this.#cards) {
      const task = this.#model.tasks.get(id);
      if (task) card.tick(task, this.#model);
    }
  }

  zoom(factor: number, at = this.#middle()): void {
    this.#move(zoomAt(this.#current(), factor, at));
  }

  /** Shows everything, and goes on to do so while it can be read. */
  showAll(): void {
    const all = fit(this.#layout, this.#size());
    this.#view = all.zoom >= READABLE ? null : all;
    this.#events.moved(this.#view);
    this.#draw();
  }

  reveal(task: string): void {
    const node = this.#layout.nodes.get(task);
    if (!node) return;
    const view = this.#current();
    const moved = reveal(view, { ...node, ...NODE }, this.#size());
    if (moved.x !== view.x || moved.y !== view.y) this.#move(moved);
    else this.#draw();
  }

  #size(): Size {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  #middle() {
    const { width, height } = this.#size();
    return { x: width / 2, y: height / 2 };
  }

  /** The user's view, or else everything, as long as that can be read; a large graph begins where work is done. */
  #current(): Viewport {
    const size = this.#size();
    if (this.#view) return keepInSight(this.#view, this.#layout, size);
    const all = fit(this.#layout, size);
    if (all.zoom >= READABLE) return all;
    const tasks = [...this.#model.tasks.values()];
    const active =
      tasks.find(({ state }) => state === 'running') ?? tasks.find(({ state }) => state === 'failed');
    const node = this.#layout.nodes.get(active?.id ?? '') ?? this.#layout.nodes.values().next().value;
    if (!node) return all;
    // From here on it is the user's: it must not jump to whatever is active next.
    this.#view = snug(centre({ ...all, zoom: LARGE }, { ...node, ...NODE }, size), this.#layout, size);
    return this.#view;
  }

  #move(view: Viewport): void {
    this.#view = keepInSight(view, this.#layout, this.#size());
    this.#events.moved(this.#view);
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
    const size = this.#size();
    if (size.width === 0 || size.height === 0) return;
    const view = this.#current();
    this.#nodes.style.setProperty('--zoom', String(view.zoom));
    this.#nodes.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
    this.#edges.move(view.x, view.y, view.zoom);
    const distance = view.zoom < FAR ? 'far' : view.zoom < NEAR ? 'middle' : 'near';
    setAttribute(this.element, 'data-distance', distance);
    this.#drawEdges(view, size);
    this.#drawCards(view, size);
  }

  /** Drawn anew when they are others, or when the picture moved out of the part that is drawn. */
  #drawEdges(view: Viewport, size: Size): void {
    const { selected, critical } = this.#look;
    const path = critical ? this.#model.critical.tasks : [];
    const drawn = JSON.stringify([selected, path]);
    if (drawn === this.#drawnEdges && contains(this.#drawnPart, inSight(view, size))) return;
    this.#drawnEdges = drawn;
    this.#drawnPart = inSight(view, size, size.width);
    this.#edges.draw(this.#layout, path, selected, this.#drawnPart);
  }

  #drawCards(view: Viewport, size: Size): void {
    const sight = inSight(view, size);
    const keep = new Set<string>();
    for (const node of this.#layout.nodes.values()) {
      const visible =
        node.x < sight.right &&
        node.x + NODE.width > sight.left &&
        node.y < sight.bottom &&
        node.y + NODE.height > sight.top;
      // What has the focus stays, or a screen reader would lose it.
      if (!visible && node.id !== this.#look.selected) continue;
      keep.add(node.id);
      if (this.#cards.has(node.id)) continue;
      const card = new Card(node);
      this.#cards.set(node.id, card);
      this.#nodes.append(card.element);
      this.#update(node.id);
    }
    for (const [id, card] of this.#cards) {
      if (keep.has(id)) continue;
      card.element.remove();
      this.#cards.delete(id);
    }
  }

  #update(id: string): void {
    const task = this.#model.tasks.get(id);
    const { selected, critical, shown } = this.#look;
    if (!task) return;
    this.#cards.get(id)?.update(task, this.#model, this.#words, {
      selected: selected === id,
      critical: critical && this.#model.critical.set.has(id),
      faded: !shown(task),
    });
    if (selected === id) setAttribute(this.element, 'aria-activedescendant', cardId(id));
  }

  #listen(): void {
    const { element } = this;
    element.addEventListener('keydown', (event) => this.#key(event));
    element.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
        if (event.ctrlKey || event.metaKey) {
          this.zoom(Math.exp(-event.deltaY * unit * 0.005), this.#place(event));
          return;
        }
        const [dx, dy] =
          event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
        this.#pan(-dx * unit, -dy * unit);
      },
      { passive: false },
    );
    element.addEventListener('click', (event) => {
      if (this.#dragged) return;
      const task = taskAt(event);
      this.#events.select(task);
      // The second click of a double click has nothing more to show.
      if (task !== null && event.detail <= 1) this.#events.open(task);
    });
    element.addEventListener('dblclick', (event) => {
      const task = taskAt(event);
      if (task !== null) this.#events.changes(task);
    });
    element.addEventListener('pointerdown', (event) => this.#drag(event));
  }

  #place(event: MouseEvent) {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #pan(dx: number, dy: number): void {
    const view = this.#current();
    this.#move({ ...view, x: view.x + dx, y: view.y + dy });
  }

  #drag(down: PointerEvent): void {
    if (down.button > 1) return;
    const start = this.#current();
    this.#dragged = false;
    const move = (event: PointerEvent) => {
      const [dx, dy] = [event.clientX - down.clientX, event.clientY - down.clientY];
      if (!this.#dragged) {
        if (Math.hypot(dx, dy) < CLICK_SLACK) return;
        this.#dragged = true;
        this.element.setPointerCapture(down.pointerId);
        this.element.classList.add('dragging');
      }
      this.#move({ ...start, x: start.x + dx, y: start.y + dy });
    };
    const end = () => {
      this.element.removeEventListener('pointermove', move);
      this.element.classList.remove('dragging');
    };
    this.element.addEventListener('pointermove', move);
    this.element.addEventListener('pointerup', end, { once: true });
    this.element.addEventListener('pointercancel', end, { once: true });
  }

  #key(event: KeyboardEvent): void {
    const { selected, shown } = this.#look;
    const direction = DIRECTIONS[event.key];
    if (direction && event.shiftKey) {
      const sign = event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? 1 : -1;
      if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') this.#pan(sign * PAN_STEP, 0);
      else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') this.#pan(0, sign * PAN_STEP);
    } else if (direction) {
      const isShown = (id: string) => shown(this.#model.tasks.get(id)!);
      const next = neighbour(this.#layout, selected, direction, isShown);
      if (next !== null) {
        this.#events.select(next);
        this.reveal(next);
      }
    } else if (event.key === 'Enter' || event.key === ' ') {
      if (selected === null) return;
      if (event.ctrlKey || event.metaKey) this.#events.changes(selected);
      else this.#events.open(selected);
    } else if (event.key === 'Escape') this.#events.select(null);
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === '+' || event.key === '=') this.zoom(ZOOM.step);
    else if (event.key === '-') this.zoom(1 / ZOOM.step);
    else if (event.key === '0') this.showAll();
    else return;
    event.preventDefault();
  }
}

function taskAt(event: Event): string | null {
  const card = event.target instanceof Element ? event.target.closest<HTMLElement>('.card') : null;
  return card?.dataset['task'] ?? null;
}
