import { join } from 'node:path';
import { commands, env, l10n, ProgressLocation, Uri, window, workspace } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import { runCli } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import type { RunRecord } from '../runs/run-record.ts';

/** Has the report of a run written, and shows it; the one for browsers is offered. */
export async function showReport(ctx: Ctx, folder: AutonFolder, record: RunRecord): Promise<void> {
  if (!workspace.isTrusted) {
    throw new UserError(
      l10n.t('A report is not written in a folder that is not trusted, because nothing is executed there.'),
      l10n.t(
        'Trust it with "Workspaces: Manage Workspace Trust". The graph and the costs can be seen without.',
      ),
    );
  }
  const { code, stdout, stderr } = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('AUTON writes the report') },
    () => runCli(nodeProgram(ctx.extension), folder.path, ['report', record.id]),
  );
  if (code !== 0) {
    throw new UserError(
      (stderr || stdout).trim() || l10n.t('The report could not be written.'),
      l10n.t('See the log of AUTON for more.'),
    );
  }
  const file = (name: string) => Uri.file(join(record.folder, name));
  await commands.executeCommand('markdown.showPreview', file('report.md'));
  void offerPage(file('report.html'));
}

/** A browser can only open it where it runs on the same machine. */
async function offerPage(page: Uri): Promise<void> {
  const browser = l10n.t('Open in Browser');
  const copy = l10n.t('Copy Path');
  const action = env.remoteName === undefined ? browser : copy;
  const chosen = await window.showInformationMessage(
    l10n.t('The report is also there as a web page, with the time line: {0}', page.fsPath),
    action,
  );
  if (chosen === browser) await env.openExternal(page);
  else if (chosen === copy) await env.clipboard.writeText(page.fsPath);
}
