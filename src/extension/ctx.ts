import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Folders } from './folders.ts';
import type { Machines } from './kernel/machines.ts';

/** What every part of the extension gets: nothing is looked up globally. */
export interface Ctx {
  readonly extension: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly folders: Folders;
  /** The kernels that are booted in this window. */
  readonly machines: Machines;
}
