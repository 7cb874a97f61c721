import { Disposable, ViewColumn, window, type WebviewPanel } from 'vscode';
import type { CommandsOf } from '../command.ts';
import { runFor } from '../common/pick.ts';
import { targetOf } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import { GRAPH_VIEW_TYPE } from '../ids.ts';
import { costsDocuments, showCosts } from './costs-document.ts';
import { GraphPanel } from './graph-panel.ts';
import { isPanelState, type GraphTarget } from './messages.ts';
import { showReport } from './report.ts';

/** Shown when the editor kept nothing that names a run: the panel says that it has none. */
const NO_RUN: GraphTarget = { folder: '', run: '' };

/** The panels that are open, one a run. */
const panels = new Set<GraphPanel>();

/** The graph, the report and the costs of a run. */
export function graphPart(ctx: Ctx): Disposable {
  return Disposable.from(
    costsDocuments(ctx),
    window.registerWebviewPanelSerializer(GRAPH_VIEW_TYPE, {
      deserializeWebviewPanel: async (panel: WebviewPanel, kept: unknown) => {
        adopt(ctx, panel, isPanelState(kept) ? kept.target : NO_RUN);
      },
    }),
    new Disposable(() => panels.forEach((panel) => panel.dispose())),
  );
}

export const graphCommands: CommandsOf<'openGraph' | 'showReport' | 'showCosts'> = {
  openGraph: async (ctx, argument) => {
    const { folder, record } = await runFor(ctx, argument);
    const target = { folder: folder.path, run: record.id };
    const open = [...panels].find(
      (panel) => panel.target.folder === target.folder && panel.target.run === target.run,
    );
    const panel =
      open ?? adopt(ctx, window.createWebviewPanel(GRAPH_VIEW_TYPE, 'AUTON', ViewColumn.Active), target);
    panel.show(targetOf(argument)?.task);
  },
  showReport: async (ctx, argument) => {
    const { folder, record } = await runFor(ctx, argument);
    await showReport(ctx, folder, record);
  },
  showCosts: async (ctx, argument) => {
    const { folder, record } = await runFor(ctx, argument);
    await showCosts(folder, record);
  },
};

function adopt(ctx: Ctx, panel: WebviewPanel, target: GraphTarget): GraphPanel {
  const graph = new GraphPanel(ctx, panel, target);
  panels.add(graph);
  graph.onDidDispose(() => panels.delete(graph));
  return graph;
}
