import type { Disposable, Memento } from 'vscode';
import { Drafts } from './drafts.ts';
import { Repositories } from './repositories.ts';

/** What the commands and views of this folder share. */
export class Changes implements Disposable {
  readonly repositories = new Repositories();
  readonly drafts: Drafts;
  /** Titles of open multi-diff editors with the task of each: the editor does not tell what such a tab compares. */
  readonly openBranches = new Map<string, { folder: string; run: string; task: string }>();

  constructor(workspaceState: Memento) {
    this.drafts = new Drafts(workspaceState);
  }

  dispose(): void {
    this.drafts.dispose();
    this.repositories.dispose();
  }
}
