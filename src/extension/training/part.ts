import { Disposable, ViewColumn, window, type WebviewPanel } from 'vscode';
import type { CommandsOf } from '../command.ts';
import { folderFor } from '../common/pick.ts';
import type { Ctx } from '../ctx.ts';
import { TRAINING_VIEW_TYPE } from '../ids.ts';
import { isPanelState } from './messages.ts';
import { TrainingPanel } from './training-panel.ts';

/** One a folder. */
const panels = new Set<TrainingPanel>();

/** The curves of trainings, which come back after a reload of the window. */
export function trainingPart(ctx: Ctx): Disposable {
  return Disposable.from(
    window.registerWebviewPanelSerializer(TRAINING_VIEW_TYPE, {
      deserializeWebviewPanel: async (panel: WebviewPanel, kept: unknown) => {
        adopt(ctx, panel, isPanelState(kept) ? kept.folder : (ctx.folders.current?.path ?? ''));
      },
    }),
    new Disposable(() => panels.forEach((panel) => panel.dispose())),
  );
}

export const trainingCommands: CommandsOf<'showTraining'> = {
  showTraining: async (ctx, argument) => {
    const { path } = await folderFor(ctx, argument);
    const open = [...panels].find(({ folder }) => folder === path);
    if (open) return open.show();
    adopt(ctx, window.createWebviewPanel(TRAINING_VIEW_TYPE, 'AUTON', ViewColumn.Active), path);
  },
};

function adopt(ctx: Ctx, panel: WebviewPanel, folder: string): void {
  const training = new TrainingPanel(ctx, panel, folder);
  panels.add(training);
  training.onDidDispose(() => panels.delete(training));
}
