import {
  Disposable,
  EventEmitter,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { Folders, FoldersChange } from '../folders.ts';
import type { Row, Stale, TreeNode } from './node.ts';

const LATER_MS = 1000;

/** Where the nodes of a tree come from. */
export interface TreeSource {
  roots(): readonly TreeNode[] | Promise<readonly TreeNode[]>;
  stale(change: FoldersChange): Stale;
}

/** A tree of the editor that follows its source; only what changed is drawn anew. */
export class NodeTree implements TreeDataProvider<TreeNode>, Disposable {
  readonly view: TreeView<TreeNode>;
  readonly #source: TreeSource;
  readonly #changed = new EventEmitter<TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #disposables: Disposable;
  readonly #later = new Set<TreeNode>();
  #timer: NodeJS.Timeout | undefined;

  constructor(id: string, source: TreeSource, folders: Folders) {
    this.#source = source;
    this.view = window.createTreeView(id, { treeDataProvider: this, showCollapseAll: true });
    this.#disposables = Disposable.from(
      this.view,
      this.#changed,
      folders.onDidChange((change) => {
        this.#update(source.stale(change));
      }),
      new Disposable(() => clearTimeout(this.#timer)),
    );
  }

  #update(stale: Stale): void {
    if (stale === 'all') return this.refresh();
    if (stale.now.length > 0) this.#changed.fire([...stale.now]);
    for (const node of stale.later ?? []) this.#later.add(node);
    if (this.#later.size > 0) this.#timer ??= setTimeout(() => this.#catchUp(), LATER_MS);
  }

  #catchUp(): void {
    this.#timer = undefined;
    const nodes = [...this.#later].filter((node) => node.outdated);
    this.#later.clear();
    if (nodes.length > 0) this.#changed.fire(nodes);
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  getTreeItem(node: TreeNode): TreeItem {
    return itemOf(node, node.show());
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    return [...(await (node ? node.children() : this.#source.roots()))];
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return node.parent;
  }

  resolveTreeItem(item: TreeItem, node: TreeNode): TreeItem {
    // What agents and compilers wrote is in it: icons are drawn, links and HTML are not.
    const text = node.tooltip();
    item.tooltip = text === '' ? node.row().label : new MarkdownString(text, true);
    return item;
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}

const FOLDING = {
  none: TreeItemCollapsibleState.None,
  closed: TreeItemCollapsibleState.Collapsed,
  open: TreeItemCollapsibleState.Expanded,
};

function itemOf({ id }: TreeNode, row: Row): TreeItem {
  const item = new TreeItem(row.label, FOLDING[row.folding]);
  item.id = id;
  item.description = row.description;
  item.iconPath = new ThemeIcon(
    row.icon.id,
    row.icon.color === undefined ? undefined : new ThemeColor(row.icon.color),
  );
  item.contextValue = row.context;
  item.accessibilityInformation = { label: row.spoken };
  if (row.command) {
    item.command = { command: row.command.id, title: row.command.title, arguments: row.command.arguments };
  }
  return item;
}
