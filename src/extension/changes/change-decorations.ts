import { l10n, ThemeColor, Uri, window, type Disposable } from 'vscode';
import type { ChangeStatus, FileChange } from './file-changes.ts';

/** Of the tree's own files alone: the explorer's are decorated by others. */
const SCHEME = 'auton-change';

/** Theme colours that every source control uses for the same. */
const COLORS: Record<ChangeStatus, string> = {
  A: 'gitDecoration.addedResourceForeground',
  M: 'gitDecoration.modifiedResourceForeground',
  D: 'gitDecoration.deletedResourceForeground',
  R: 'gitDecoration.renamedResourceForeground',
  T: 'gitDecoration.modifiedResourceForeground',
};

export function changeUri({ path, status }: FileChange): Uri {
  return Uri.from({ scheme: SCHEME, path: `/${path}`, query: status });
}

/** The letter and colour of a file in the tree of changes. */
export function changeDecorations(): Disposable {
  return window.registerFileDecorationProvider({
    provideFileDecoration({ scheme, query }) {
      if (scheme !== SCHEME) return undefined;
      const status = query as ChangeStatus;
      return { badge: status, color: new ThemeColor(COLORS[status]), tooltip: statusText(status) };
    },
  });
}

function statusText(status: ChangeStatus): string {
  switch (status) {
    case 'A':
      return l10n.t('added');
    case 'M':
      return l10n.t('modified');
    case 'D':
      return l10n.t('deleted');
    case 'R':
      return l10n.t('renamed');
    case 'T':
      return l10n.t('of another type');
  }
}
