import { Disposable, l10n, workspace } from 'vscode';
import { setting } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import type { Folders } from '../folders.ts';
import { VIEWS } from '../ids.ts';
import { AgentsTree } from './agents-tree.ts';
import { EvidenceTree } from './evidence-tree.ts';
import { runDocuments } from './run-documents.ts';
import { RunsTree } from './runs-tree.ts';
import { NodeTree } from './tree-view.ts';
import { runsHeader } from './header.ts';

/** The trees of the activity bar, except the changes. */
export function viewsPart({ folders }: Ctx): Disposable {
  const history = () => setting('runs.history');
  const source = new RunsTree(folders, history);
  const runs = new NodeTree(VIEWS.runs, source, folders);
  const evidence = new NodeTree(VIEWS.evidence, new EvidenceTree(folders, history), folders);
  shown = {
    refresh: () => runs.refresh(),
    revealTask: async (folder, run, task) => {
      const node = source.run(folder, run)?.task(task);
      if (node) await runs.view.reveal(node, { select: true, focus: true });
    },
  };
  return Disposable.from(
    runs,
    new NodeTree(VIEWS.agents, new AgentsTree(folders), folders),
    evidence,
    runDocuments(folders),
    followHeader(runs, folders),
    workspace.onDidChangeConfiguration((change) => {
      if (!change.affectsConfiguration('auton.runs')) return;
      runs.refresh();
      evidence.refresh();
    }),
    new Disposable(() => (shown = undefined)),
  );
}

/** What commands do with the tree of runs. */
export interface RunsView {
  refresh(): void;
  /** Shows the view, unfolds what is above the task, and selects it. */
  revealTask(folder: AutonFolder, run: string, task: string): Promise<void>;
}

let shown: RunsView | undefined;

export function runsView(): RunsView | undefined {
  return shown;
}

/** Numbers beside the title, the badge for what waits on the user, and a line where there is something to say. */
function followHeader({ view }: NodeTree, folders: Folders): Disposable {
  const update = () => {
    const header = runsHeader(folders, workspace.isTrusted);
    // The editor is asked only for what changed: each of these is a message to its window.
    if (view.description !== header.description) view.description = header.description;
    if ((view.message ?? '') !== header.message) view.message = header.message;
    const { waiting } = header;
    if ((view.badge?.value ?? 0) !== waiting) {
      view.badge =
        waiting === 0 ? undefined : { value: waiting, tooltip: l10n.t('{0} waiting for you', waiting) };
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
