import { l10n } from 'vscode';
import { folderTarget, type Target } from '../common/target.ts';
import type { AutonFolder } from '../folder.ts';
import { TreeNode, type Row } from './node.ts';

/** A folder, in a workspace that has several. */
export class FolderNode extends TreeNode {
  readonly id: string;
  readonly parent = undefined;
  override readonly target: Target;
  readonly #folder: AutonFolder;
  readonly #children: (node: FolderNode) => Promise<readonly TreeNode[]>;

  constructor(folder: AutonFolder, children: (node: FolderNode) => Promise<readonly TreeNode[]>) {
    super();
    this.id = folder.path;
    this.target = folderTarget(folder);
    this.#folder = folder;
    this.#children = children;
  }

  row(): Row {
    const { name } = this.#folder;
    return {
      label: name,
      description: '',
      icon: { id: 'root-folder' },
      context: 'folder',
      spoken: l10n.t('Folder {0}', name),
      folding: 'open',
    };
  }

  override children(): Promise<readonly TreeNode[]> {
    return this.#children(this);
  }
}
