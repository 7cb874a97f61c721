import type { AutonFolder } from '../folder.ts';
import type { Folders, FoldersChange } from '../folders.ts';
import { AgentNode } from './agent-nodes.ts';
import { FolderNode } from './folder-node.ts';
import { EVERYTHING, NOTHING, type Stale, type TreeNode } from './node.ts';

/** The agents of the run that is at work in each folder, else of the newest. */
export class AgentsTree {
  readonly #folders: Folders;
  readonly #agents = new Map<string, AgentNode>();
  readonly #folderNodes = new Map<string, FolderNode>();
  /** Which run shows, by folder. */
  readonly #shown = new Map<string, string>();

  constructor(folders: Folders) {
    this.#folders = folders;
  }

  roots(): readonly TreeNode[] | Promise<readonly TreeNode[]> {
    const { all } = this.#folders;
    if (all.length === 1) return this.#agentsOf(all[0]!);
    return all.filter(({ runs }) => runs.newest).map((folder) => this.#folderNode(folder));
  }

  stale(change: FoldersChange): Stale {
    if (change.kind === 'folders') this.#folderNodes.clear();
    if (change.kind === 'folders' || change.kind === 'list') return EVERYTHING;
    if (change.kind === 'engine') return NOTHING;
    const { folder, record } = change;
    const current = folder.runs.live ?? folder.runs.newest;
    if (record !== current) return NOTHING;
    const known = this.#shown.get(folder.path);
    if (known !== keyOf(folder, record.id, record.state.agents.size)) return EVERYTHING;
    return { now: [...this.#agents.values()].filter((node) => node.outdated), seldom: [] };
  }

  async #agentsOf(folder: AutonFolder, parent?: FolderNode): Promise<readonly TreeNode[]> {
    const record = folder.runs.live ?? folder.runs.newest;
    if (!record) return [];
    await folder.runs.load(record);
    const { agents } = record.state;
    this.#shown.set(folder.path, keyOf(folder, record.id, agents.size));
    return [...agents.keys()].map((agent) => {
      const key = keyOf(folder, record.id, agent);
      let node = this.#agents.get(key);
      if (!node || node.parent !== parent) {
        this.#agents.set(key, (node = new AgentNode(folder.path, record, agent, parent)));
      }
      return node;
    });
  }

  #folderNode(folder: AutonFolder): FolderNode {
    let node = this.#folderNodes.get(folder.path);
    if (!node) {
      node = new FolderNode(folder, (parent) => this.#agentsOf(folder, parent));
      this.#folderNodes.set(folder.path, node);
    }
    return node;
  }
}

function keyOf(folder: AutonFolder, run: string, rest: string | number): string {
  return `${folder.path}\n${run}\n${rest}`;
}
