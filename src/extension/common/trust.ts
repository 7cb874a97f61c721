import { l10n, workspace } from 'vscode';
import { UserError } from '../../protocol/errors.ts';

/** Before anything is executed for a folder. */
export function requireTrust(): void {
  if (workspace.isTrusted) return;
  throw new UserError(
    l10n.t('This folder is not trusted, so nothing is executed in it.'),
    l10n.t('Trust it first: "Workspaces: Manage Workspace Trust".'),
  );
}
