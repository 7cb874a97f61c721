import { l10n } from 'vscode';
import { errorMessage } from '../../protocol/errors.ts';
import { GoneError } from './repository.ts';

/** Why a change cannot be shown, for a person. */
export function explainGone(error: unknown): string {
  if (!(error instanceof GoneError)) return errorMessage(error);
  switch (error.what) {
    case 'repository':
      return l10n.t('The workspace of this run was deleted or moved, and its history with it.');
    case 'worktree':
      return l10n.t('The worktree is not there any more; what was committed is on the branch.');
    case 'commit':
      return l10n.t(
        'This commit is not in the repository any more. Branches of runs that were cleaned up lose theirs.',
      );
    case 'file':
      return l10n.t('This file is not in the commit.');
  }
}
