import type { Disposable } from 'vscode';
import { Repositories } from './repositories.ts';

/** What the commands and views of this folder share. */
export class Changes implements Disposable {
  readonly repositories = new Repositories();
  /** Titles of open multi-diff editors with the task of each: the editor does not tell what such a tab compares. */
  readonly openBranches = new Map<string, { folder: string; run: string; task: string }>();

  dispose(): void {
    this.repositories.dispose();
  }
}
