import { Uri, window, workspace, WorkspaceEdit, Position } from 'vscode';
import type { CommandsOf } from '../command.ts';
import { runAuton } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { folderFor } from '../common/pick.ts';
import { safePlace } from '../common/place.ts';
import type { Ctx } from '../ctx.ts';
import { CONFIG_FILE } from './document.ts';

export const configurationCommands: CommandsOf<'openConfiguration'> = { openConfiguration };

/** Opens `auton.toml`. Where there is none, a new one is shown that every key is explained in; saving it creates it. */
async function openConfiguration(ctx: Ctx, argument: unknown): Promise<void> {
  const folder = await folderFor(ctx, argument);
  const file = Uri.joinPath(folder.folder.uri, CONFIG_FILE);
  if (await exists(file)) {
    await window.showTextDocument(file);
    return;
  }
  const document = await workspace.openTextDocument(file.with({ scheme: 'untitled' }));
  await window.showTextDocument(document);
  if (document.getText() !== '') return; // it was begun before
  const args = ['config', 'init', '--print'];
  const starter = await runAuton(nodeProgram(ctx.extension), safePlace(folder), args);
  const edit = new WorkspaceEdit();
  edit.insert(document.uri, new Position(0, 0), starter);
  await workspace.applyEdit(edit);
}

async function exists(file: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}
