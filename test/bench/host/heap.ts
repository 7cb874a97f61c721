/** Tells the heap of the extension host, in which AUTON lives, whenever a file in the folder asks for it. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as vscode from 'vscode';
import { MARK } from '../../vscode/harness/host/events.ts';
import { ASK, END, type Heap } from './messages.ts';

export async function run(): Promise<void> {
  const folder = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  while (!existsSync(join(folder, END))) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (!existsSync(join(folder, ASK))) continue;
    // Several times: what the first one frees can hold finalizers for the next.
    for (let round = 0; round < 3; round++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    console.log(MARK + JSON.stringify({ bytes: memoryUsage().heapUsed } satisfies Heap));
    rmSync(join(folder, ASK));
  }
}
