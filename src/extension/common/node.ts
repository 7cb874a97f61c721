import { execPath } from 'node:process';
import { join } from 'node:path';
import type { ExtensionContext } from 'vscode';
import { setting } from './settings.ts';

/** How to run AUTON's own program outside the extension host. */
export interface NodeProgram {
  node: string;
  /** The bundle with the engine and the command line. */
  script: string;
  env: NodeJS.ProcessEnv;
}

/**
 * The editor's own Node unless the user names another. In a desktop editor that is Electron, which is told to behave
 * as Node.
 */
export function nodeProgram(context: ExtensionContext): NodeProgram {
  const chosen = setting('engine.nodePath').trim();
  const { ELECTRON_RUN_AS_NODE: _, VSCODE_IPC_HOOK_CLI: __, ...env } = process.env;
  return {
    node: chosen || execPath,
    script: join(context.extensionPath, 'dist', 'auton.mjs'),
    env: chosen ? env : { ...env, ELECTRON_RUN_AS_NODE: '1' },
  };
}
