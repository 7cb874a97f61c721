import type { Target } from '../common/target.ts';

/** A codicon and the theme's colour for it. */
export interface Icon {
  id: string;
  color?: string;
}

/** What a row of a tree shows, as data: the tree makes the editor's item of it. */
export interface Row {
  label: string;
  description: string;
  icon: Icon;
  /** `viewItem` of the menus: words, the first one says what it is. */
  context: string;
  /** What a screen reader says, where label and description do not say all that the icon does. */
  spoken: string;
  /** How it is shown at first; the user's choice is kept after that. */
  folding: 'none' | 'closed' | 'open';
  /** What a click does. */
  command?: { id: string; title: string; arguments: unknown[] };
}

/** What has to be drawn anew, with what is below it; undefined is the whole tree. */
export interface Stale {
  now: readonly (TreeNode | undefined)[];
  /** Costs much for little: not more than once a second. */
  seldom: readonly (TreeNode | undefined)[];
}
export const NOTHING: Stale = { now: [], seldom: [] };
export const EVERYTHING: Stale = { now: [undefined], seldom: [] };

/**
 * An element of a tree. It stays the same object as long as what it stands for exists, so that only what changed is
 * drawn anew and the user's selection and folding stay.
 */
export abstract class TreeNode {
  /** Unlike that of every other element of the tree. */
  abstract readonly id: string;
  abstract readonly parent: TreeNode | undefined;
  /** What menus act on. */
  readonly target?: Target;
  #shown: string | undefined;

  abstract row(): Row;

  children(): readonly TreeNode[] | Promise<readonly TreeNode[]> {
    return [];
  }

  /** Markdown; only built when the mouse asks for it. */
  tooltip(): string {
    return '';
  }

  /** The row, noted as the one that is on the screen. */
  show(): Row {
    const row = this.row();
    this.#shown = JSON.stringify(row);
    return row;
  }

  /** It is on the screen, and not as it should be. */
  get outdated(): boolean {
    return this.#shown !== undefined && this.#shown !== JSON.stringify(this.row());
  }
}
