import type { FromPanel, PanelState, ToPanel } from '../src/extension/graph/messages.ts';
import { matcher } from './model/filter.ts';
import { ZOOM } from './model/viewport.ts';
import { RunModel } from './run-model.ts';
import { el, setAttribute, setText } from './view/dom.ts';
import { GraphView } from './view/graph-view.ts';
import { splitter } from './view/split.ts';
import { TimelineView } from './view/timeline-view.ts';
import { Toolbar } from './view/toolbar.ts';
import { Words } from './view/words.ts';

type State = Extract<ToPanel, { type: 'state' }>;

export const NEW_STATE: Omit<PanelState, 'target'> = {
  view: null,
  selected: null,
  filter: '',
  states: [],
  critical: true,
  timeline: { shown: true, lanes: 'tasks', height: 220, zoom: 1 },
};

/** All that the panel shows of one run. */
export class Panel {
  readonly element: HTMLElement;
  #model: RunModel;
  readonly #words: Words;
  readonly #toolbar: Toolbar;
  readonly #graph: GraphView;
  readonly #timeline: TimelineView;
  readonly #empty = el('p', { class: 'empty', role: 'status' });
  #state: PanelState;
  readonly #save: (state: PanelState) => void;

  constructor(
    message: State,
    kept: Omit<PanelState, 'target'>,
    save: (state: PanelState) => void,
    send: (message: FromPanel) => void,
  ) {
    this.#model = new RunModel(message);
    this.#words = new Words(message.strings);
    this.#state = { ...kept, target: message.target };
    this.#save = save;
    const open = (task: string) => send({ type: 'reveal', task });
    this.#graph = new GraphView(this.#model, this.#words, kept.view, {
      open,
      select: (selected) => this.select(selected),
      changes: (task) => send({ type: 'changes', task }),
      moved: (view) => this.#keep({ view }),
    });
    this.#timeline = new TimelineView(this.#model, this.#words, kept.timeline, {
      open,
      select: (task) => {
        this.select(task);
        this.#graph.reveal(task);
      },
      zoomed: (zoom) => this.#keepTimeline({ zoom }),
    });
    const below = this.#below();
    const split = splitter(this.#words.say('resize'), below, kept.timeline.height, (height) =>
      this.#keepTimeline({ height }),
    );
    const showTimeline = (shown: boolean) => {
      below.hidden = !shown;
      split.hidden = !shown;
    };
    showTimeline(kept.timeline.shown);
    this.#toolbar = new Toolbar(
      this.#words,
      { filter: kept.filter, states: kept.states, critical: kept.critical, timeline: kept.timeline.shown },
      {
        filter: (filter, states) => {
          this.#keep({ filter, states });
          this.#look();
        },
        zoom: (direction) => {
          if (direction === 'all') this.#graph.showAll();
          else this.#graph.zoom(direction === 'in' ? ZOOM.step : 1 / ZOOM.step);
        },
        critical: (critical) => {
          this.#keep({ critical });
          this.#look();
        },
        timeline: (shown) => {
          this.#keepTimeline({ shown });
          showTimeline(shown);
        },
      },
    );
    this.element = el(
      'main',
      { class: 'panel' },
      this.#toolbar.element,
      el('div', { class: 'stage' }, this.#graph.element, this.#empty),
      split,
      below,
    );
    this.#keep({});
    this.#look();
  }

  setRun(message: State): void {
    this.#model = new RunModel(message);
    this.#graph.setModel(this.#model);
    this.#timeline.setModel(this.#model);
    this.#look();
  }

  apply(delta: Extract<ToPanel, { type: 'delta' }>): void {
    const critical = this.#model.critical.tasks.join();
    this.#model.apply(delta);
    // Agents that took up or left a task change its card; their tasks are among them.
    const changed = new Set(delta.tasks.map(({ id }) => id));
    for (const { task } of delta.agents) if (task !== null) changed.add(task);
    this.#graph.refresh(critical === this.#model.critical.tasks.join() ? changed : undefined);
    this.#timeline.refresh();
    this.#summary();
  }

  select(task: string | null): void {
    if (this.#state.selected === task) return;
    this.#keep({ selected: task });
    this.#look();
  }

  /** The selection came from outside: bring it into sight. */
  show(task: string): void {
    if (!this.#model.tasks.has(task)) return;
    this.select(task);
    this.#graph.reveal(task);
  }

  /** A second went by. */
  tick(): void {
    if (!this.#model.running) return;
    this.#model.tick();
    this.#graph.tick();
    this.#timeline.refresh();
    this.#toolbar.tick(this.#model);
  }

  #look(): void {
    const { selected, critical, filter, states } = this.#state;
    const shown = matcher(filter, states);
    this.#graph.setLook({ selected, critical, shown });
    this.#timeline.setLook(selected, (id) => {
      const task = this.#model.tasks.get(id);
      return task !== undefined && shown(task);
    });
    this.#summary();
  }

  #summary(): void {
    const shown = matcher(this.#state.filter, this.#state.states);
    const matching = [...this.#model.tasks.values()].filter(shown).length;
    this.#toolbar.update(this.#model, matching);
    const empty =
      this.#model.tasks.size === 0
        ? this.#model.running
          ? 'noTasks'
          : 'noTasksEnded'
        : matching === 0
          ? 'noMatches'
          : null;
    this.#empty.hidden = empty === null;
    if (empty !== null) setText(this.#empty, this.#words.say(empty));
  }

  #below(): HTMLElement {
    const choice = (lanes: 'agents' | 'tasks') => {
      const button = el(
        'button',
        { class: 'choice', type: 'button' },
        this.#words.say(lanes === 'agents' ? 'byAgent' : 'byTask'),
      );
      setAttribute(button, 'aria-pressed', String(this.#state.timeline.lanes === lanes));
      button.addEventListener('click', () => {
        for (const other of [byAgent, byTask]) setAttribute(other, 'aria-pressed', String(other === button));
        this.#keepTimeline({ lanes });
        this.#timeline.setKind(lanes);
      });
      return button;
    };
    const byAgent = choice('agents');
    const byTask = choice('tasks');
    const head = el(
      'div',
      { class: 'below-head' },
      el('h2', {}, this.#words.say('timeline')),
      el(
        'div',
        { class: 'choices', role: 'group', 'aria-label': this.#words.say('timeline') },
        byAgent,
        byTask,
      ),
    );
    return el('section', { class: 'below' }, head, this.#timeline.element);
  }

  #keepTimeline(changed: Partial<PanelState['timeline']>): void {
    this.#keep({ timeline: { ...this.#state.timeline, ...changed } });
  }

  #keep(changed: Partial<PanelState>): void {
    this.#state = { ...this.#state, ...changed };
    this.#save(this.#state);
  }
}
