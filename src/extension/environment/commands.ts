import { env, l10n, ProgressLocation, ThemeColor, ThemeIcon, window, type QuickPickItem } from 'vscode';
import type { CommandsOf } from '../command.ts';
import { Cancelled, folderFor } from '../common/pick.ts';
import type { Ctx } from '../ctx.ts';
import { installAll, type Check } from './checks.ts';
import { examine } from './doctor.ts';

export const environmentCommands: CommandsOf<
  'checkEnvironment' | 'cleanWorktrees' | 'restartEngine' | 'showLogs'
> = {
  checkEnvironment,
  cleanWorktrees,
  restartEngine,
  showLogs: (ctx) => ctx.log.show(),
};

interface CheckItem extends QuickPickItem {
  /** What a terminal runs when it is chosen. */
  command?: string;
  again?: boolean;
}

/** Every check with its remedy; what can be installed is installed in a terminal, by the user's own hand. */
async function checkEnvironment(ctx: Ctx): Promise<void> {
  const picker = window.createQuickPick<CheckItem>();
  picker.title = l10n.t('AUTON: Check Environment');
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.ignoreFocusOut = true;
  const look = async () => {
    picker.busy = true;
    picker.placeholder = l10n.t('Looking at tools, sandbox and accelerator...');
    try {
      const checks = await examine(ctx, ctx.folders.current);
      picker.items = itemsOf(checks);
      picker.placeholder = summary(checks);
    } finally {
      picker.busy = false;
    }
  };
  try {
    await new Promise<void>((resolve, reject) => {
      picker.onDidHide(() => resolve());
      picker.onDidTriggerItemButton(({ item }) => void env.clipboard.writeText(item.command ?? ''));
      picker.onDidAccept(() => {
        const [item] = picker.selectedItems;
        if (item?.again) look().catch(reject);
        else if (item?.command !== undefined) {
          install(item.command);
          resolve();
        }
      });
      picker.show();
      look().catch(reject);
    });
  } finally {
    picker.dispose();
  }
}

function itemsOf(checks: readonly Check[]): CheckItem[] {
  const everything = installAll(checks);
  const copy = { iconPath: new ThemeIcon('copy'), tooltip: l10n.t('Copy the command') };
  const items = checks.map(({ name, ok, detail, remedy, install: command }): CheckItem => ({
    label: name,
    iconPath: ok
      ? new ThemeIcon('pass', new ThemeColor('testing.iconPassed'))
      : new ThemeIcon('error', new ThemeColor('testing.iconFailed')),
    description: detail,
    ...(ok || remedy === undefined ? {} : { detail: remedy }),
    ...(ok || command === undefined ? {} : { command, buttons: [copy] }),
  }));
  const broken = checks.flatMap(({ ok }, index) => (ok ? [] : [items[index]!]));
  const sound = checks.flatMap(({ ok }, index) => (ok ? [items[index]!] : []));
  const all: CheckItem[] =
    everything === null
      ? []
      : [
          {
            label: l10n.t('Install what is missing, in a terminal'),
            iconPath: new ThemeIcon('terminal'),
            detail: everything,
            command: everything,
            buttons: [copy],
          },
        ];
  const again: CheckItem = { label: l10n.t('Look again'), iconPath: new ThemeIcon('refresh'), again: true };
  return [...all, ...broken, ...sound, again];
}

function summary(checks: readonly Check[]): string {
  const broken = checks.filter(({ ok }) => !ok).length;
  return broken === 0
    ? l10n.t('Everything is in place.')
    : l10n.t('{0} of {1} checks failed. Choose one to run its remedy in a terminal.', broken, checks.length);
}

function install(command: string): void {
  const terminal = window.createTerminal({ name: 'AUTON', iconPath: new ThemeIcon('desktop-download') });
  terminal.show();
  terminal.sendText(command);
}

async function cleanWorktrees(ctx: Ctx, argument: unknown): Promise<void> {
  const folder = await folderFor(ctx, argument);
  const { removed, kept } = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('AUTON removes worktrees that no task needs') },
    async () => (await folder.engine.require()).cleanWorktrees(),
  );
  for (const path of removed) ctx.log.info(`removed the worktree ${path}`);
  for (const { path, reason } of kept) ctx.log.info(`kept the worktree ${path}: ${reason}`);
  const logs = l10n.t('Show Logs');
  const text =
    kept.length === 0
      ? l10n.t('{0} worktrees were removed, none is left.', removed.length)
      : l10n.t(
          '{0} worktrees were removed, {1} kept: what is in them is nowhere else.',
          removed.length,
          kept.length,
        );
  if ((await window.showInformationMessage(text, logs)) === logs) ctx.log.show();
}

async function restartEngine(ctx: Ctx, argument: unknown): Promise<void> {
  const folder = await folderFor(ctx, argument);
  if (folder.runs.live?.state.status === 'running') await confirmRestart();
  await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('AUTON restarts its engine') },
    () => folder.engine.restart(),
  );
  window.setStatusBarMessage(l10n.t('$(check) The engine of AUTON was restarted.'), 5000);
}

async function confirmRestart(): Promise<void> {
  const restart = l10n.t('Restart');
  const chosen = await window.showWarningMessage(
    l10n.t('A run is active. Restart its engine?'),
    { modal: true, detail: l10n.t('The run is paused tidily, and goes on in the new engine.') },
    restart,
  );
  if (chosen !== restart) throw new Cancelled();
}
