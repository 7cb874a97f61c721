import { l10n } from 'vscode';
import { errorMessage } from '../../protocol/errors.ts';
import { oneLine } from '../../protocol/printable.ts';
import type { Target } from '../common/target.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS } from '../ids.ts';
import { glanceAt, type Glance } from '../runs/glance.ts';
import type { RunDelta, RunPhase, RunRecord } from '../runs/run-record.ts';
import { changedLists, layoutOf, type GroupName, type Layout } from './layout.ts';
import { COLOURS, ROLE_MARKS, WAITS_ON_USER } from './marks.ts';
import { code, escape, paragraphs } from '../common/markdown.ts';
import { NOTHING, TreeNode, type Icon, type Row, type Stale } from './node.ts';
import { problemTooltip, runRow, runTooltip } from './run-row.ts';
import { taskRow, taskTooltip } from './task-row.ts';

/** So many tasks that wait are shown without a click. */
const SHOWN_WAITING = 20;

/** One run with its tasks. */
export class RunNode extends TreeNode {
  readonly id: string;
  readonly parent: TreeNode | undefined;
  readonly record: RunRecord;
  override readonly target: Target;
  readonly #folder: AutonFolder;
  /** It is shown opened: the one that the user works with. */
  readonly #isCurrent: () => boolean;
  readonly #nodes = new Map<string, TreeNode>();
  #glance: Glance | undefined;
  #layout: Layout | undefined;
  #phase: RunPhase | undefined;

  constructor(
    folder: AutonFolder,
    record: RunRecord,
    parent: TreeNode | undefined,
    isCurrent: () => boolean,
  ) {
    super();
    this.id = `${folder.path}\n${record.id}`;
    this.parent = parent;
    this.record = record;
    this.target = { folder: folder.path, run: record.id };
    this.#folder = folder;
    this.#isCurrent = isCurrent;
  }

  row(): Row {
    return runRow(this.record, this.#glance, this.#isCurrent());
  }

  override tooltip(): string {
    return runTooltip(this.record);
  }

  /** Learns what shows of it before it is read. */
  async prepare(): Promise<void> {
    if (!this.record.loaded || this.record.problem) this.#glance ??= await glanceAt(this.record.reader.file);
  }

  override async children(): Promise<readonly TreeNode[]> {
    await this.#folder.runs.load(this.record);
    const { problem, state } = this.record;
    if (problem) return [this.#child('problem', () => new ProblemNode(this))];
    const layout = layoutOf(state);
    this.#layout = layout;
    this.#phase = this.record.phase;
    if (state.tasks.size === 0 && layout.questions.length === 0) {
      return [this.#child('planning', () => new PlanningNode(this))];
    }
    return [
      ...layout.questions.map((id) => this.question(id)),
      ...layout.reviews.map((id) => this.task(id)),
      ...[...layout.groups.keys()].map((name) => this.group(name)),
    ];
  }

  /** What has to be drawn anew after a change; nothing of what was never on the screen. */
  update(delta: RunDelta): Stale {
    if (!this.#layout || !this.record.loaded) return this.outdated ? { ...NOTHING, now: [this] } : NOTHING;
    const before = this.#layout;
    const after = layoutOf(this.record.state);
    this.#layout = after;
    const lists = changedLists(before, after);
    // What can be done with every task depends on the phase, too.
    const turned = this.#phase !== this.record.phase;
    this.#phase = this.record.phase;
    if (lists === 'run' || turned || this.record.problem) return { ...NOTHING, now: [this] };
    const rows = this.#candidates(delta, lists.size > 0).filter((node) => node.outdated);
    const now = new Set([...[...lists].map((key) => this.#list(key)), ...rows]);
    // All of its lists would be drawn anew only for its numbers.
    return { now: [...now], seldom: this.outdated ? [this] : [] };
  }

  /** Nodes whose rows may have changed: what a task waits for and who works on it changes without an event of its own. */
  #candidates(delta: RunDelta, moved: boolean): TreeNode[] {
    const { groups, reviews } = this.layout;
    const affected: GroupName[] = moved ? ['working', 'waiting', 'stopped'] : ['working'];
    const tasks = new Set([...delta.tasks, ...reviews]);
    for (const name of affected) for (const id of groups.get(name)?.tasks ?? []) tasks.add(id);
    return [...this.#nodes.values()].filter((node) => !(node instanceof TaskNode) || tasks.has(node.task));
  }

  task(id: string): TreeNode {
    return this.#child(`task ${id}`, () => new TaskNode(this, id));
  }

  question(id: string): TreeNode {
    return this.#child(`question ${id}`, () => new QuestionNode(this, id));
  }

  group(name: GroupName): GroupNode {
    return this.#child(`group ${name}`, () => new GroupNode(this, name));
  }

  part(name: GroupName, subsystem: string): PartNode {
    return this.#child(`part ${name}/${subsystem}`, () => new PartNode(this.group(name), subsystem));
  }

  get layout(): Layout {
    return (this.#layout ??= layoutOf(this.record.state));
  }

  /** Where a task stands now. */
  parentOf(task: string): TreeNode {
    for (const [name, { tasks, parts }] of this.layout.groups) {
      if (!tasks.includes(task)) continue;
      const part = [...(parts ?? [])].find(([, ids]) => ids.includes(task));
      return part ? this.part(name, part[0]) : this.group(name);
    }
    return this;
  }

  #list(key: string): TreeNode {
    const [name, subsystem] = key.split('/') as [GroupName, string | undefined];
    return subsystem === undefined ? this.group(name) : this.part(name, subsystem);
  }

  #child<T extends TreeNode>(key: string, make: () => T): T {
    let node = this.#nodes.get(key) as T | undefined;
    if (!node) this.#nodes.set(key, (node = make()));
    return node;
  }
}

/** Part of a run; its id is the run's and its own. */
abstract class ChildNode extends TreeNode {
  readonly run: RunNode;
  readonly #key: string;

  constructor(run: RunNode, key: string) {
    super();
    this.run = run;
    this.#key = key;
  }

  get id(): string {
    return `${this.run.id}\n${this.#key}`;
  }

  get parent(): TreeNode {
    return this.run;
  }
}

const GROUP_ROWS: Record<GroupName, { label: string; icon: Icon }> = {
  stopped: { label: l10n.t('Stopped'), icon: { id: 'warning', color: COLOURS.bad } },
  working: { label: l10n.t('In work'), icon: { id: 'play-circle', color: COLOURS.active } },
  waiting: { label: l10n.t('Waiting'), icon: { id: 'clock', color: COLOURS.quiet } },
  merged: { label: l10n.t('Merged'), icon: { id: 'pass', color: COLOURS.good } },
  leftOut: { label: l10n.t('Left out'), icon: { id: 'circle-slash', color: COLOURS.quiet } },
};

class GroupNode extends ChildNode {
  readonly #name: GroupName;

  constructor(run: RunNode, name: GroupName) {
    super(run, `group ${name}`);
    this.#name = name;
  }

  row(): Row {
    const { label, icon } = GROUP_ROWS[this.#name];
    const count = this.run.layout.groups.get(this.#name)?.tasks.length ?? 0;
    return {
      label,
      description: String(count),
      icon,
      context: 'group',
      spoken: l10n.t('{0}, {1} tasks', label, count),
      folding: this.#opens(count) ? 'open' : 'closed',
    };
  }

  override children(): readonly TreeNode[] {
    const group = this.run.layout.groups.get(this.#name);
    if (!group) return [];
    if (!group.parts) return group.tasks.map((id) => this.run.task(id));
    return [...group.parts.keys()].map((subsystem) => this.run.part(this.#name, subsystem));
  }

  get name(): GroupName {
    return this.#name;
  }

  #opens(count: number): boolean {
    if (this.#name === 'working' || this.#name === 'stopped') return true;
    return this.#name === 'waiting' && count <= SHOWN_WAITING;
  }
}

/** The tasks of one subsystem in a group that has many. */
class PartNode extends ChildNode {
  readonly #group: GroupNode;
  readonly #subsystem: string;

  constructor(group: GroupNode, subsystem: string) {
    super(group.run, `part ${group.name}/${subsystem}`);
    this.#group = group;
    this.#subsystem = subsystem;
  }

  override get parent(): TreeNode {
    return this.#group;
  }

  row(): Row {
    const count = this.#tasks().length;
    return {
      label: this.#subsystem,
      description: String(count),
      icon: { id: 'symbol-namespace' },
      context: 'group',
      spoken: l10n.t('{0}, {1} tasks', this.#subsystem, count),
      folding: 'closed',
    };
  }

  override children(): readonly TreeNode[] {
    return this.#tasks().map((id) => this.run.task(id));
  }

  #tasks(): readonly string[] {
    return this.run.layout.groups.get(this.#group.name)?.parts?.get(this.#subsystem) ?? [];
  }
}

class TaskNode extends ChildNode {
  readonly task: string;
  override readonly target: Target;

  constructor(run: RunNode, task: string) {
    super(run, `task ${task}`);
    this.task = task;
    this.target = { ...run.target, task };
  }

  override get parent(): TreeNode {
    return this.run.parentOf(this.task);
  }

  row(): Row {
    const { state, phase } = this.run.record;
    return taskRow(state.tasks.get(this.task)!, state, phase);
  }

  override tooltip(): string {
    const { state, phase } = this.run.record;
    return taskTooltip(state.tasks.get(this.task)!, state, phase);
  }
}

/** An agent asks the user something; a click answers. */
class QuestionNode extends ChildNode {
  readonly #question: string;
  override readonly target: Target;

  constructor(run: RunNode, question: string) {
    super(run, `question ${question}`);
    this.#question = question;
    const { agent } = run.record.state.questions.get(question)!;
    this.target = { ...run.target, question, agent };
  }

  row(): Row {
    const { agent, question } = this.run.record.state.questions.get(this.#question)!;
    const text = oneLine(question);
    const { phase } = this.run.record;
    const answerable = phase === 'running' || phase === 'paused';
    return {
      label: text,
      description: l10n.t('{0} asks', agent),
      icon: { ...WAITS_ON_USER, id: 'question' },
      context: answerable ? 'question' : 'unanswerable',
      spoken: l10n.t('{0} asks: {1}', agent, text),
      folding: 'none',
      ...(answerable
        ? { command: { id: COMMANDS.answerQuestion, title: l10n.t('Answer'), arguments: [this.target] } }
        : {}),
    };
  }

  override tooltip(): string {
    const { agent, question } = this.run.record.state.questions.get(this.#question)!;
    return paragraphs(`**${escape(l10n.t('{0} asks', agent))}**`, escape(question));
  }
}

/** Stands where tasks will be. */
class PlanningNode extends ChildNode {
  constructor(run: RunNode) {
    super(run, 'planning');
  }

  row(): Row {
    const { state, phase } = this.run.record;
    const planner = [...state.agents.values()].find(({ session }) => session !== null);
    const label = phase === 'running' ? l10n.t('The work is being planned') : l10n.t('No tasks were planned');
    const doing = planner && phase === 'running' ? `${planner.id}: ${oneLine(planner.activity)}` : '';
    return {
      label,
      description: doing,
      icon: { id: ROLE_MARKS.manager.icon, color: COLOURS.quiet },
      context: 'planning',
      spoken: [label, doing].filter((part) => part !== '').join(', '),
      folding: 'none',
    };
  }
}

/** Why a run cannot be shown. */
class ProblemNode extends ChildNode {
  constructor(run: RunNode) {
    super(run, 'problem');
  }

  row(): Row {
    const { problem } = this.run.record;
    const text = problem ? oneLine(problem.message) : '';
    return {
      label: text,
      description: '',
      icon: { id: 'warning', color: COLOURS.waiting },
      context: 'problem',
      spoken: problem ? errorMessage(problem) : '',
      folding: 'none',
    };
  }

  override tooltip(): string {
    const { problem } = this.run.record;
    return problem ? problemTooltip(problem) : code(this.run.record.id);
  }
}
