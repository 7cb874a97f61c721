import {
  Disposable,
  EventEmitter,
  l10n,
  window,
  workspace,
  type ProviderResult,
  type TreeDataProvider,
  type TreeItem,
} from 'vscode';
import { Disposables } from '../common/disposables.ts';
import { setting } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import type { FoldersChange } from '../folders.ts';
import { VIEWS } from '../ids.ts';
import type { RunDelta, RunRecord } from '../runs/run-record.ts';
import { filesOf, openAttempt, worksNow, type Comparison } from './comparison.ts';
import { explainGone } from './explain.ts';
import { branchHistory, parentOf } from './history.ts';
import {
  BranchNode,
  CommitNode,
  EarlierNode,
  FileNode,
  FolderNode,
  MessageNode,
  RunNode,
  type ChangeNode,
} from './nodes.ts';
import type { Repositories } from './repositories.ts';
import type { Repository } from './repository.ts';

/** The list itself, and files that an agent is writing, are drawn anew at most this often. */
const REFRESH_MS = 500;

/** The view *Changes*: branches of the run that works or worked last, then the runs before it. */
export function changeTree(ctx: Ctx, repositories: Repositories): Disposable {
  const tree = new ChangeTree(ctx, repositories);
  const view = window.createTreeView(VIEWS.changes, { treeDataProvider: tree, showCollapseAll: true });
  const tell = () => {
    const { current } = ctx.folders;
    const record = current && shownRun(current);
    const tried = record && [...record.state.tasks.values()].some(({ attempts }) => attempts.length > 0);
    view.message = record && record.loaded && !tried ? l10n.t('No agent has changed anything yet.') : '';
  };
  tell();
  return Disposable.from(view, tree, ctx.folders.onDidChange(tell));
}

class ChangeTree implements TreeDataProvider<ChangeNode>, Disposable {
  readonly #ctx: Ctx;
  readonly #repositories: Repositories;
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new EventEmitter<ChangeNode | ChangeNode[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  /** Of each run by the task's id. */
  readonly #branches = new WeakMap<RunRecord, Map<string, BranchNode>>();
  readonly #shownLive = new WeakMap<RunRecord, boolean>();
  /** Those that are unfolded or were, by their branch. */
  readonly #inWork = new WeakMap<BranchNode, CommitNode>();
  #timer: NodeJS.Timeout | undefined;
  #all = false;
  readonly #stale = new Set<ChangeNode>();

  constructor(ctx: Ctx, repositories: Repositories) {
    this.#ctx = ctx;
    this.#repositories = repositories;
    this.#disposables.add(ctx.folders.onDidChange((change) => this.#onChange(change)));
    this.#disposables.add(workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire(undefined)));
  }

  getTreeItem(node: ChangeNode): TreeItem {
    return node.item();
  }

  getChildren(node?: ChangeNode): ProviderResult<ChangeNode[]> {
    switch (node?.kind) {
      case undefined: {
        const [first, ...others] = this.#ctx.folders.all.filter(({ runs }) => runs.newest);
        if (!first) return [];
        return others.length === 0 ? this.#ofFolder(first) : [first, ...others].map((f) => new FolderNode(f));
      }
      case 'folder':
        return this.#ofFolder(node.folder);
      case 'earlier':
        return earlierRuns(node.folder).map((record) => new RunNode(node.folder, record));
      case 'run':
        return this.#ofRun(node.folder, node.record);
      case 'branch':
        return this.#orMessage(() => this.#ofBranch(node));
      case 'commit':
        return this.#orMessage(() => this.#ofCommit(node));
      case 'file':
      case 'message':
        return [];
    }
  }

  resolveTreeItem(item: TreeItem, node: ChangeNode): TreeItem {
    if (node.kind === 'branch') item.tooltip = node.tooltip();
    return item;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  async #ofFolder(folder: AutonFolder): Promise<ChangeNode[]> {
    const record = shownRun(folder);
    if (!record) return [];
    const branches = await this.#ofRun(folder, record);
    return earlierRuns(folder).length > 0 ? [...branches, new EarlierNode(folder)] : branches;
  }

  async #ofRun(folder: AutonFolder, record: RunRecord): Promise<ChangeNode[]> {
    await folder.runs.load(record);
    this.#shownLive.set(record, record.live);
    if (record.problem) return [new MessageNode(record.problem.message, 'warning')];
    const known = this.#branches.get(record) ?? new Map<string, BranchNode>();
    this.#branches.set(record, known);
    const nodes: BranchNode[] = [];
    for (const [id, { attempts }] of record.state.tasks) {
      if (attempts.length === 0) continue;
      let node = known.get(id);
      if (!node) known.set(id, (node = new BranchNode(folder, record, id)));
      nodes.push(node);
    }
    return nodes.sort((a, b) => (a.place < b.place ? -1 : 1));
  }

  async #ofBranch(branch: BranchNode): Promise<ChangeNode[]> {
    const { record, task, target } = branch;
    const repository = await this.#repositories.get(record.state.workspace);
    const history = await branchHistory(repository, record.state, task);
    const attempt = worksNow(branch.folder, record) ? openAttempt(task) : undefined;
    const nodes: ChangeNode[] = [];
    if (attempt && history) nodes.push(this.#inWorkOf(branch, repository, history.head, attempt.worktree));
    if (history?.merge) {
      const { merge } = history;
      nodes.push(new CommitNode(branch, between(repository, parentOf(merge), merge.id, target), merge, true));
    }
    for (const commit of history?.commits ?? []) {
      nodes.push(new CommitNode(branch, between(repository, parentOf(commit), commit.id, target), commit));
    }
    return nodes.length > 0 ? nodes : [new MessageNode(l10n.t('Nothing was committed.'))];
  }

  async #ofCommit(commit: CommitNode): Promise<ChangeNode[]> {
    if (commit.inWork && !workspace.isTrusted) {
      return [new MessageNode(l10n.t('What is not committed is shown in trusted folders only.'))];
    }
    const files = await filesOf(commit.comparison);
    if (files.length === 0) return [new MessageNode(l10n.t('No file differs.'))];
    return files.map((file) => new FileNode(commit, file));
  }

  #inWorkOf(branch: BranchNode, repository: Repository, since: string, worktree: string): CommitNode {
    const { target } = branch;
    const node = new CommitNode(branch, { repository, base: since, head: { worktree }, target }, null);
    this.#inWork.set(branch, node);
    return node;
  }

  /** What cannot be read is a line in the tree, not a message over the window each time it is drawn. */
  async #orMessage(children: () => Promise<ChangeNode[]>): Promise<ChangeNode[]> {
    try {
      return await children();
    } catch (error) {
      this.#ctx.log.warn(explainGone(error));
      return [new MessageNode(explainGone(error), 'warning')];
    }
  }

  #onChange(change: FoldersChange): void {
    if (change.kind === 'engine') return;
    if (change.kind === 'run') this.#onRun(change.record, change.delta);
    else this.#all = true;
    if (this.#all || this.#stale.size > 0) this.#timer ??= setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  #onRun(record: RunRecord, delta: RunDelta): void {
    const known = this.#branches.get(record);
    for (const id of delta.tasks) {
      const task = record.state.tasks.get(id);
      const node = known?.get(id);
      if (!node) this.#all ||= (task?.attempts.length ?? 0) > 0;
      else if (node.signature !== node.shown) {
        this.#all ||= node.place !== node.shownPlace;
        this.#stale.add(node);
      }
    }
    for (const id of delta.agents) {
      const task = record.state.agents.get(id)?.task;
      const branch = task == null ? undefined : known?.get(task);
      const inWork = branch && this.#inWork.get(branch);
      if (inWork) this.#stale.add(inWork);
    }
    if (delta.run && (known === undefined || record.live !== this.#shownLive.get(record))) this.#all = true;
  }

  #refresh(): void {
    this.#timer = undefined;
    if (this.#all) this.#changed.fire(undefined);
    else this.#changed.fire([...this.#stale]);
    this.#all = false;
    this.#stale.clear();
  }
}

function shownRun({ runs }: AutonFolder): RunRecord | undefined {
  return runs.live ?? runs.newest;
}

function earlierRuns(folder: AutonFolder): RunRecord[] {
  const shown = shownRun(folder);
  return folder.runs.all.filter((record) => record !== shown).slice(0, setting('runs.history') - 1);
}

function between(
  repository: Repository,
  base: string,
  commit: string,
  target: Comparison['target'],
): Comparison {
  return { repository, base, head: { commit }, target };
}
