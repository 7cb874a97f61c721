import { commands, Disposable, window } from 'vscode';
import { setting } from '../common/settings.ts';
import type { Folders } from '../folders.ts';
import { COMMANDS } from '../ids.ts';
import { lostNotice, noticeOf, type Notice } from './notices.ts';

/**
 * Tells the user what needs them. Of several windows that see the same run, the one where it was started tells, and
 * the one in front; a window that is neither waits until it comes to the front, if what it has to say holds then.
 */
export function notifications(folders: Folders): Disposable {
  const own = new Set<string>();
  const late: Notice[] = [];
  const lost = new Set<string>();
  const tell = (notice: Notice, run: string) => {
    if (!wanted(notice)) return;
    if (window.state.focused || own.has(run)) void show(notice);
    else late.push(notice);
  };
  return Disposable.from(
    folders.onDidHappen(({ folder, record, event }) => {
      const begins = event.type === 'run.started' || event.type === 'run.resumed';
      if (begins && window.state.focused) own.add(record.id);
      const notice = noticeOf(event, record, folder.path);
      if (notice) tell(notice, record.id);
    }),
    folders.onDidChange((change) => {
      if (change.kind !== 'engine') return;
      const { folder } = change;
      const run = folder.engine.lostRun;
      if (folder.engine.status !== 'lost' || run === null) return void lost.delete(folder.path);
      if (lost.has(folder.path)) return;
      lost.add(folder.path);
      const goal = folder.runs.get(run)?.state.goal ?? run;
      tell(
        lostNotice(goal, folder.path, () => folder.engine.status === 'lost'),
        run,
      );
    }),
    window.onDidChangeWindowState(({ focused }) => {
      if (focused) for (const notice of late.splice(0)) if (notice.holds()) void show(notice);
    }),
  );
}

function wanted({ waits }: Notice): boolean {
  const chosen = setting('notifications');
  return chosen === 'all' || (chosen === 'waiting' && waits);
}

async function show({ severity, text, buttons }: Notice): Promise<void> {
  const tell = {
    info: window.showInformationMessage,
    warning: window.showWarningMessage,
    error: window.showErrorMessage,
  }[severity];
  const chosen = await tell(text, ...buttons.map(({ label }) => label));
  const button = buttons.find(({ label }) => label === chosen);
  if (button) await commands.executeCommand(COMMANDS[button.command], button.target);
}
