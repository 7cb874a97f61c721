import { Disposable, l10n, workspace } from 'vscode';
import { setting } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import type { Folders } from '../folders.ts';
import { VIEWS } from '../ids.ts';
import { RunsTree } from './runs-tree.ts';
import { NodeTree } from './tree-view.ts';
import { runsHeader } from './header.ts';

/** The trees of the activity bar, except the changes. */
export function viewsPart({ folders }: Ctx): Disposable {
  const runs = new NodeTree(VIEWS.runs, new RunsTree(folders, () => setting('runs.history')), folders);
  return Disposable.from(
    runs,
    followHeader(runs, folders),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('auton.runs')) runs.refresh();
    }),
  );
}

/** Numbers beside the title, the badge for what waits on the user, and a line where there is something to say. */
function followHeader({ view }: NodeTree, folders: Folders): Disposable {
  const update = () => {
    const header = runsHeader(folders, workspace.isTrusted);
    // The editor is asked only for what changed: each of these is a message to its window.
    if (view.description !== header.description) view.description = header.description;
    if ((view.message ?? '') !== header.message) view.message = header.message;
    if (view.badge?.value !== header.waiting) {
      view.badge = { value: header.waiting, tooltip: l10n.t('{0} waiting for you', header.waiting) };
    }
  };
  update();
  return Disposable.from(
    folders.onDidChange((change) => {
      if (change.kind !== 'run' || change.delta.run || change.delta.tasks.size > 0) update();
    }),
    workspace.onDidGrantWorkspaceTrust(update),
  );
}
