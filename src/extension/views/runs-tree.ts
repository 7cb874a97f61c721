import { l10n } from 'vscode';
import type { Target } from '../common/target.ts';
import type { AutonFolder } from '../folder.ts';
import type { Folders, FoldersChange } from '../folders.ts';
import { COMMANDS } from '../ids.ts';
import { FolderNode } from './folder-node.ts';
import { EVERYTHING, NOTHING, TreeNode, type Row, type Stale } from './node.ts';
import { RunNode } from './run-nodes.ts';

/** The runs of all folders of the workspace. */
export class RunsTree {
  readonly #folders: Folders;
  readonly #history: () => number;
  readonly #runs = new Map<string, RunNode>();
  readonly #folderNodes = new Map<string, FolderNode>();

  constructor(folders: Folders, history: () => number) {
    this.#folders = folders;
    this.#history = history;
  }

  async roots(): Promise<readonly TreeNode[]> {
    const { all } = this.#folders;
    if (!all.some(({ runs }) => runs.newest)) return []; // the welcome text shows
    return all.length > 1 ? all.map((folder) => this.#folderNode(folder)) : this.runsOf(all[0]!);
  }

  async runsOf(folder: AutonFolder): Promise<readonly RunNode[]> {
    const shown = folder.runs.all.slice(0, this.#history());
    const { live } = folder.runs;
    const records = live && !shown.includes(live) ? [live, ...shown] : shown;
    const nodes = records.map(({ id }) => this.run(folder, id)!);
    await Promise.all(nodes.map((node) => node.prepare()));
    return nodes;
  }

  run(folder: AutonFolder, id: string): RunNode | undefined {
    const record = folder.runs.get(id);
    if (!record) return undefined;
    const key = `${folder.path}\n${id}`;
    let node = this.#runs.get(key);
    if (!node || node.record !== record) {
      const parent = this.#folders.all.length > 1 ? this.#folderNode(folder) : undefined;
      node = new RunNode(folder, record, parent, () => record === (folder.runs.live ?? folder.runs.newest));
      this.#runs.set(key, node);
    }
    return node;
  }

  stale(change: FoldersChange): Stale {
    switch (change.kind) {
      case 'folders':
        this.#runs.clear();
        this.#folderNodes.clear();
        return EVERYTHING;
      case 'list':
        return EVERYTHING;
      case 'run':
        return this.#runs.get(`${change.folder.path}\n${change.record.id}`)?.update(change.delta) ?? NOTHING;
      case 'engine':
        return NOTHING;
    }
  }

  #folderNode(folder: AutonFolder): FolderNode {
    let node = this.#folderNodes.get(folder.path);
    if (!node) {
      node = new FolderNode(folder, async (parent) => {
        const runs = await this.runsOf(folder);
        return runs.length > 0 ? runs : [new NothingYetNode(parent)];
      });
      this.#folderNodes.set(folder.path, node);
    }
    return node;
  }
}

/** Stands where runs will be; a click starts one. */
class NothingYetNode extends TreeNode {
  readonly parent: TreeNode;
  override readonly target: Target;

  constructor(parent: FolderNode) {
    super();
    this.parent = parent;
    this.target = parent.target;
  }

  get id(): string {
    return `${this.parent.id}\nnothing yet`;
  }

  row(): Row {
    const label = l10n.t('Run Goal');
    const description = l10n.t('no runs yet');
    return {
      label,
      description,
      icon: { id: 'rocket' },
      context: 'nothing',
      spoken: `${label}, ${description}`,
      folding: 'none',
      command: { id: COMMANDS.runGoal, title: label, arguments: [this.target] },
    };
  }
}
