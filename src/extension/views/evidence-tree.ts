import { l10n } from 'vscode';
import type { Evidence } from '../../protocol/evidence.ts';
import type { AutonFolder } from '../folder.ts';
import type { Folders, FoldersChange } from '../folders.ts';
import { glanceAt, type Glance } from '../runs/glance.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { EvidenceGroupNode } from './evidence-nodes.ts';
import { FolderNode } from './folder-node.ts';
import { COLOURS } from './marks.ts';
import { EVERYTHING, NOTHING, TreeNode, type Row, type Stale } from './node.ts';
import { runRow, runTooltip } from './run-row.ts';

/** So many tasks show at once; older ones are below a node of their own. */
const SHOWN = 100;

/** What builds and boots proved: of the run at work in each folder, else of the newest, and of those before it. */
export class EvidenceTree {
  readonly #folders: Folders;
  readonly #history: () => number;
  readonly #runs = new Map<RunRecord, RunEvidence>();
  readonly #folderNodes = new Map<string, FolderNode>();

  constructor(folders: Folders, history: () => number) {
    this.#folders = folders;
    this.#history = history;
  }

  roots(): readonly TreeNode[] | Promise<readonly TreeNode[]> {
    const { all } = this.#folders;
    if (all.length === 1) return this.#of(all[0]!, undefined);
    return all.filter(({ runs }) => runs.newest).map((folder) => this.#folderNode(folder));
  }

  stale(change: FoldersChange): Stale {
    switch (change.kind) {
      case 'folders':
        this.#runs.clear();
        this.#folderNodes.clear();
        return EVERYTHING;
      case 'list':
        return EVERYTHING;
      case 'engine':
        return NOTHING;
      case 'run':
        return change.delta.evidence
          ? (this.#runs.get(change.record)?.update(change.delta.tasks) ?? EVERYTHING)
          : NOTHING;
    }
  }

  async #of(folder: AutonFolder, parent: FolderNode | undefined): Promise<readonly TreeNode[]> {
    const { live, newest, all } = folder.runs;
    const current = live ?? newest;
    if (!current) return [];
    await folder.runs.load(current);
    const groups = this.#run(folder, current, parent).groups();
    const earlier = all.filter((record) => record !== current).slice(0, this.#history());
    if (earlier.length === 0) return groups;
    return [
      ...groups,
      new EarlierNode(folder, parent, earlier, (record, node) => this.#run(folder, record, node)),
    ];
  }

  #run(folder: AutonFolder, record: RunRecord, parent: TreeNode | undefined): RunEvidence {
    let run = this.#runs.get(record);
    if (!run || run.parent !== parent) {
      this.#runs.set(record, (run = new RunEvidence(folder.path, record, parent)));
    }
    return run;
  }

  #folderNode(folder: AutonFolder): FolderNode {
    let node = this.#folderNodes.get(folder.path);
    if (!node) {
      node = new FolderNode(folder, (parent) => this.#of(folder, parent));
      this.#folderNodes.set(folder.path, node);
    }
    return node;
  }
}

/** The evidence of one run, by task, where something happened last first. */
class RunEvidence {
  readonly parent: TreeNode | undefined;
  readonly #folder: string;
  readonly #record: RunRecord;
  readonly #groups = new Map<string, EvidenceGroupNode>();
  #order = '';

  constructor(folder: string, record: RunRecord, parent: TreeNode | undefined) {
    this.#folder = folder;
    this.#record = record;
    this.parent = parent;
  }

  groups(): readonly TreeNode[] {
    const keys = this.#keys();
    this.#order = keys.join('\n');
    const nodes = keys.map((key) => this.#group(key));
    if (nodes.length <= SHOWN) return nodes;
    return [
      ...nodes.slice(0, SHOWN),
      new OlderNode(nodes.slice(SHOWN), `${this.#folder}\n${this.#record.id}`),
    ];
  }

  update(tasks: ReadonlySet<string>): Stale {
    const touched = ['', ...tasks].map((key) => this.#groups.get(key));
    const now = touched.filter((node) => node?.outdated);
    return { now, seldom: this.#keys().join('\n') === this.#order ? [] : [this.parent] };
  }

  /** Ids of tasks; '' stands for the run's own evidence. */
  #keys(): string[] {
    const { state } = this.#record;
    const found: [key: string, last: Evidence][] = [];
    if (state.evidence.length > 0) found.push(['', state.evidence.at(-1)!]);
    for (const [id, { evidence }] of state.tasks) if (evidence.length > 0) found.push([id, evidence.at(-1)!]);
    return found
      .sort(([, a], [, b]) => Number(a.startedAt < b.startedAt) - Number(a.startedAt > b.startedAt))
      .map(([key]) => key);
  }

  #group(key: string): EvidenceGroupNode {
    let node = this.#groups.get(key);
    if (!node) {
      node = new EvidenceGroupNode(this.#folder, this.#record, key === '' ? undefined : key, this.parent);
      this.#groups.set(key, node);
    }
    return node;
  }
}

abstract class BundleNode extends TreeNode {
  abstract readonly label: string;
  abstract readonly count: number;

  row(): Row {
    const { label, count } = this;
    return {
      label,
      description: String(count),
      icon: { id: 'history', color: COLOURS.quiet },
      context: 'group',
      spoken: `${label}, ${count}`,
      folding: 'closed',
    };
  }
}

class OlderNode extends BundleNode {
  readonly id: string;
  readonly parent: TreeNode | undefined;
  readonly label = l10n.t('Older');
  readonly #nodes: readonly TreeNode[];

  constructor(nodes: readonly TreeNode[], run: string) {
    super();
    this.id = `${run}\n\nolder`;
    this.parent = nodes[0]?.parent;
    this.#nodes = nodes;
  }

  get count(): number {
    return this.#nodes.length;
  }

  override children(): readonly TreeNode[] {
    return this.#nodes;
  }
}

type Open = (record: RunRecord, parent: TreeNode) => RunEvidence;

class EarlierNode extends BundleNode {
  readonly id: string;
  readonly parent: TreeNode | undefined;
  readonly label = l10n.t('Earlier runs');
  readonly #nodes: readonly EarlierRunNode[];

  constructor(folder: AutonFolder, parent: TreeNode | undefined, records: readonly RunRecord[], open: Open) {
    super();
    this.id = `${folder.path}\nearlier`;
    this.parent = parent;
    this.#nodes = records.map((record) => new EarlierRunNode(folder, record, this, open));
  }

  get count(): number {
    return this.#nodes.length;
  }

  override async children(): Promise<readonly TreeNode[]> {
    await Promise.all(this.#nodes.map((node) => node.prepare()));
    return this.#nodes;
  }
}

class EarlierRunNode extends TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly #folder: AutonFolder;
  readonly #record: RunRecord;
  readonly #open: Open;
  #glance: Glance | undefined;

  constructor(folder: AutonFolder, record: RunRecord, parent: TreeNode, open: Open) {
    super();
    this.id = `${folder.path}\n${record.id}\n\nrun`;
    this.parent = parent;
    this.#folder = folder;
    this.#record = record;
    this.#open = open;
  }

  async prepare(): Promise<void> {
    if (!this.#record.loaded || this.#record.problem)
      this.#glance ??= await glanceAt(this.#record.reader.file);
  }

  row(): Row {
    return { ...runRow(this.#record, this.#glance, false), context: 'group' };
  }

  override tooltip(): string {
    return runTooltip(this.#record);
  }

  override async children(): Promise<readonly TreeNode[]> {
    await this.#folder.runs.load(this.#record);
    return this.#open(this.#record, this).groups();
  }
}
