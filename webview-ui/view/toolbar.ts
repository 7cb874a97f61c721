import { TASK_STATES, type TaskState } from '../../src/protocol/task.ts';
import { clockText, oneLine } from '../model/units.ts';
import type { RunModel } from '../run-model.ts';
import { el, setAttribute, setText } from './dom.ts';
import { icon, ICONS, stateIcon, STATE_ICONS } from './icons.ts';
import type { Words } from './words.ts';
import type { RunPhase } from '../../src/protocol/run-state.ts';

export interface ToolbarEvents {
  filter(words: string, states: TaskState[]): void;
  zoom(direction: 'in' | 'out' | 'all'): void;
  critical(on: boolean): void;
  timeline(on: boolean): void;
}

const PHASE_ICONS: Record<RunPhase, TaskState> = {
  running: 'running',
  paused: 'ready',
  interrupted: 'blocked',
  done: 'merged',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** What the run is and how far, and the switches. The switches of the states are the legend as well. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #phase = el('span', { class: 'phase' });
  readonly #goal = el('h1', { class: 'goal' });
  readonly #facts = el('div', { class: 'facts' });
  readonly #search: HTMLInputElement;
  readonly #matches = el('span', { class: 'matches', role: 'status' });
  readonly #chips = new Map<TaskState, { button: HTMLButtonElement; count: HTMLElement }>();
  readonly #chosen: Set<TaskState>;
  readonly #words: Words;
  #shownPhase = '';

  constructor(
    words: Words,
    start: { filter: string; states: TaskState[]; critical: boolean; timeline: boolean },
    events: ToolbarEvents,
  ) {
    this.#words = words;
    this.#chosen = new Set(start.states);
    this.#search = el('input', {
      type: 'text',
      class: 'search',
      spellcheck: 'false',
      placeholder: words.say('search'),
      'aria-label': words.say('search'),
    });
    this.#search.value = start.filter;
    const changed = () => events.filter(this.#search.value, [...this.#chosen]);
    this.#search.addEventListener('input', changed);
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.#search.value === '') return;
      this.#search.value = '';
      changed();
      event.stopPropagation();
    });
    const legend = el('div', { class: 'legend', role: 'group', 'aria-label': words.say('filterStates') });
    for (const state of TASK_STATES) legend.append(this.#chip(state, changed));
    const toggle = (
      start: boolean,
      label: string,
      picture: keyof typeof ICONS,
      act: (on: boolean) => void,
    ) => {
      const button = this.#button(label, picture);
      setAttribute(button, 'aria-pressed', String(start));
      button.addEventListener('click', () => {
        const on = button.getAttribute('aria-pressed') !== 'true';
        setAttribute(button, 'aria-pressed', String(on));
        act(on);
      });
      return button;
    };
    const press = (label: string, picture: keyof typeof ICONS, act: () => void) => {
      const button = this.#button(label, picture);
      button.addEventListener('click', act);
      return button;
    };
    const critical = toggle(start.critical, words.say('critical'), 'path', (on) => events.critical(on));
    critical.title = `${words.say('critical')}\n${words.say('criticalHint')}`;
    this.element = el(
      'header',
      { class: 'toolbar' },
      el('div', { class: 'about' }, this.#phase, this.#goal, this.#facts),
      el(
        'div',
        { class: 'controls' },
        el('div', { class: 'search-box' }, icon(ICONS.search), this.#search),
        this.#matches,
        legend,
        el(
          'div',
          { class: 'buttons' },
          critical,
          toggle(start.timeline, words.say('showTimeline'), 'timeline', (on) => events.timeline(on)),
          el('span', { class: 'gap' }),
          press(words.say('zoomOut'), 'minus', () => events.zoom('out')),
          press(words.say('zoomIn'), 'plus', () => events.zoom('in')),
          press(words.say('zoomFit'), 'fit', () => events.zoom('all')),
        ),
      ),
    );
  }

  update(model: RunModel, matching: number): void {
    const { run, tasks } = model;
    if (this.#shownPhase !== run.phase) {
      this.#shownPhase = run.phase;
      const phase = this.#words.say(`phase.${run.phase}`);
      this.#phase.replaceChildren(stateIcon(PHASE_ICONS[run.phase]), phase);
    }
    setText(this.#goal, oneLine(run.goal));
    this.#goal.title = oneLine(run.goal);
    this.#phase.title = oneLine(run.message);
    const counts = new Map<TaskState, number>();
    for (const { state } of tasks.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, { button, count }] of this.#chips) {
      const number = counts.get(state) ?? 0;
      setText(count, String(number));
      button.hidden = number === 0 && !this.#chosen.has(state);
      setAttribute(button, 'aria-label', `${this.#words.say(`state.${state}`)}: ${number}`);
    }
    const filtered = matching !== tasks.size;
    setText(this.#matches, filtered ? this.#words.say('matches', matching, tasks.size) : '');
    this.tick(model);
  }

  tick(model: RunModel): void {
    const { run, tasks, agents, clock } = model;
    const merged = [...tasks.values()].filter(({ state }) => state === 'merged').length;
    const busy = [...agents.values()].filter(({ task }) => task !== null).length;
    const facts = [
      ...(run.questions === 0 ? [] : [this.#words.say('questions')]),
      ...(tasks.size === 0 ? [] : [this.#words.say('progress', merged, tasks.size)]),
      ...(busy === 0 || !model.running ? [] : [this.#words.say('atWork', busy)]),
      clockText(clock.total),
      this.#words.runCost(run),
    ];
    setText(this.#facts, facts.join('  ·  '));
    this.#facts.classList.toggle('waiting', run.questions > 0);
  }

  #chip(state: TaskState, changed: () => void): HTMLButtonElement {
    const count = el('span', { class: 'count' });
    const name = this.#words.say(`state.${state}`);
    const button = el(
      'button',
      { class: 'chip', type: 'button', title: name, 'aria-pressed': String(this.#chosen.has(state)) },
      icon(STATE_ICONS[state], `s-${state}`),
      el('span', { class: 'word' }, name),
      count,
    );
    button.addEventListener('click', () => {
      if (!this.#chosen.delete(state)) this.#chosen.add(state);
      setAttribute(button, 'aria-pressed', String(this.#chosen.has(state)));
      changed();
    });
    this.#chips.set(state, { button, count });
    return button;
  }

  #button(label: string, picture: keyof typeof ICONS): HTMLButtonElement {
    return el(
      'button',
      { class: 'button', type: 'button', title: label, 'aria-label': label },
      icon(ICONS[picture]),
    );
  }
}
