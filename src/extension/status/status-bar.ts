import {
  commands,
  Disposable,
  l10n,
  MarkdownString,
  StatusBarAlignment,
  ThemeColor,
  window,
  type QuickPickItem,
} from 'vscode';
import type { CommandsOf } from '../command.ts';
import type { Ctx } from '../ctx.ts';
import type { Folders } from '../folders.ts';
import { COMMANDS, VIEWS } from '../ids.ts';
import { ACTIONS, actionsFor, statusText } from './status-text.ts';

const BACKGROUNDS = {
  none: undefined,
  warning: new ThemeColor('statusBarItem.warningBackground'),
  error: new ThemeColor('statusBarItem.errorBackground'),
};

/** The state of the run in the status bar; hidden while there is neither a run nor an engine. */
export function statusBar(folders: Folders): Disposable {
  const item = window.createStatusBarItem('auton.status', StatusBarAlignment.Left, 10);
  item.name = 'AUTON';
  item.command = COMMANDS.showActions;
  let shown = '';
  const update = () => {
    const folder = folders.current;
    const status = folder && statusText(folder.runs.live ?? folder.runs.newest, folder.engine.status);
    const text = JSON.stringify(status ?? null);
    if (text === shown) return;
    shown = text;
    if (!status) return item.hide();
    item.text = status.text;
    item.tooltip = status.tooltip === '' ? status.spoken : new MarkdownString(status.tooltip, true);
    item.backgroundColor = BACKGROUNDS[status.background];
    item.accessibilityInformation = { label: status.spoken, role: 'button' };
    item.show();
  };
  update();
  return Disposable.from(item, folders.onDidChange(update));
}

export const statusCommands: CommandsOf<'showActions'> = { showActions };

interface Item extends QuickPickItem {
  id: string;
}

async function showActions({ folders }: Ctx): Promise<void> {
  const folder = folders.current;
  const record = folder && (folder.runs.live ?? folder.runs.newest);
  const names = actionsFor(record, folder?.engine.status ?? 'none');
  const view: Item = {
    label: `$(list-tree) ${l10n.t('Show Runs')}`,
    id: `${VIEWS.runs}.focus`,
  };
  const items = names.map((name): Item => ({ label: ACTIONS[name], id: COMMANDS[name] }));
  const chosen = await window.showQuickPick([...items, view], { placeHolder: l10n.t('What now?') });
  if (!chosen) return;
  const target = folder && { folder: folder.path, ...(record ? { run: record.id } : {}) };
  await commands.executeCommand(chosen.id, ...(chosen === view ? [] : [target]));
}
