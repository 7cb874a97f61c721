import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Changes } from './changes/changes.ts';
import type { Folders } from './folders.ts';
import type { Machines } from './kernel/machines.ts';

/** What every part of the extension gets: nothing is looked up globally. */
export interface Ctx {
  readonly extension: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly folders: Folders;
  /** The kernels that are booted in this window. */
  readonly machines: Machines;
  /** Repositories of runs that were looked at, and what the user wrote about them. */
  readonly changes: Changes;
}
