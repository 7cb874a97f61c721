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

const SELDOM_MS = 1000;

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
  readonly #seldom = new Set<TreeNode | undefined>();
  #lastSeldom = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(id: string, source: TreeSource, folders: Folders) {
    this.#source = source;
    this.view = window.createTreeView(id, { treeDataProvider: this, showCollapseAll: true });
    this.#disposables = Disposable.from(
      this.view,
      this.#changed,
      folders.onDidChange((change) => this.#update(source.stale(change))),
      new Disposable(() => clearTimeout(this.#timer)),
    );
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  #update({ now, seldom }: Stale): void {
    if (now.length > 0) this.#fire(now);
    for (const node of seldom) this.#seldom.add(node);
    if (this.#seldom.size === 0) return;
    const wait = this.#lastSeldom + SELDOM_MS - Date.now();
    if (wait <= 0) this.#catchUp();
    else this.#timer ??= setTimeout(() => this.#catchUp(), wait);
  }

  #catchUp(): void {
    this.#timer = undefined;
    this.#lastSeldom = Date.now();
    this.#fire([...this.#seldom]);
    this.#seldom.clear();
  }

  #fire(nodes: readonly (TreeNode | undefined)[]): void {
    this.#changed.fire(nodes.includes(undefined) ? undefined : (nodes as TreeNode[]));
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
