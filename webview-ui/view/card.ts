import type { TaskInfo } from '../../src/extension/graph/messages.ts';
import { oneLine, tookText } from '../model/units.ts';
import type { PlacedNode } from '../model/layout.ts';
import type { RunModel } from '../run-model.ts';
import { el, setAttribute, setText } from './dom.ts';
import { stateIcon } from './icons.ts';
import type { Words } from './words.ts';

export interface CardMarks {
  selected: boolean;
  critical: boolean;
  /** The filter leaves it out. */
  faded: boolean;
}

/** A task in the graph. */
export class Card {
  readonly element: HTMLElement;
  readonly #icon = el('span', { class: 'icon-slot' });
  readonly #id = el('span', { class: 'id' });
  readonly #time = el('span', { class: 'time' });
  readonly #title = el('div', { class: 'title' });
  readonly #who = el('span', { class: 'who' });
  readonly #tries = el('span', { class: 'tries' });
  readonly #cost = el('span', { class: 'cost' });
  #state = '';

  constructor({ id, x, y }: PlacedNode) {
    this.element = el(
      'div',
      { role: 'option', id: cardId(id) },
      el('div', { class: 'head' }, this.#icon, this.#id, this.#time),
      this.#title,
      el('div', { class: 'foot' }, this.#who, this.#tries, this.#cost),
    );
    this.element.dataset['task'] = id;
    this.move({ x, y });
  }

  move({ x, y }: Pick<PlacedNode, 'x' | 'y'>): void {
    this.element.style.transform = `translate(${x}px, ${y}px)`;
  }

  update(task: TaskInfo, model: RunModel, words: Words, { selected, critical, faded }: CardMarks): void {
    if (this.#state !== task.state) {
      this.#state = task.state;
      this.#icon.replaceChildren(stateIcon(task.state));
    }
    const flags = [selected && 'selected', critical && 'critical', faded && 'faded'].filter(Boolean);
    setAttribute(this.element, 'class', ['card', `s-${task.state}`, ...flags].join(' '));
    setText(this.#id, task.id);
    setText(this.#title, oneLine(task.title));
    setText(this.#who, model.agentOf(task) || words.say(`state.${task.state}`));
    setText(this.#tries, task.attempts > 1 ? words.attempts(task.attempts) : '');
    setText(this.#cost, words.cost(task));
    this.tick(task, model);
    const lines = words.describe(task, model);
    if (critical) lines.push(words.say('criticalNode'));
    setAttribute(this.element, 'aria-label', lines.join(', '));
    setAttribute(this.element, 'title', lines.join('\n'));
    setAttribute(this.element, 'aria-selected', String(selected));
  }

  /** Only its clock. */
  tick(task: TaskInfo, model: RunModel): void {
    const elapsed = model.elapsed(task);
    setText(this.#time, elapsed === 0 ? '' : tookText(elapsed));
  }
}

export const cardId = (task: string) => `task-${task}`;
