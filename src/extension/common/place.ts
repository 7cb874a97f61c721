import { homedir } from 'node:os';
import { workspace } from 'vscode';
import type { AutonFolder } from '../folder.ts';

/**
 * Where the command line runs when it is asked about the machine or the user, not about what is in a folder: a folder
 * that is not trusted could name programs in its configuration.
 */
export function safePlace(folder: AutonFolder | undefined): string {
  return workspace.isTrusted && folder ? folder.path : homedir();
}
