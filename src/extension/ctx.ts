import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Folders } from './folders.ts';

/** What every part of the extension gets: nothing is looked up globally. */
export interface Ctx {
  readonly extension: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly folders: Folders;
}
