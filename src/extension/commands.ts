import { commands, Disposable } from 'vscode';
import { changeCommands } from './changes/commands.ts';
import { reviewCommands } from './changes/review-commands.ts';
import type { Command } from './command.ts';
import { showError } from './common/errors.ts';
import { Cancelled } from './common/pick.ts';
import { configurationCommands } from './configuration/commands.ts';
import type { Ctx } from './ctx.ts';
import { environmentCommands } from './environment/commands.ts';
import { graphCommands } from './graph/part.ts';
import { COMMANDS, type CommandName } from './ids.ts';
import { kernelCommands } from './kernel/commands.ts';
import { keyCommands } from './models/key-commands.ts';
import { modelCommands } from './models/select-models.ts';
import { askCommands } from './slm/ask.ts';
import { stageCommands } from './slm/stages.ts';
import { statusCommands } from './status/status-bar.ts';
import { steeringCommands } from './steering/commands.ts';
import { runGoalCommands } from './steering/run-goal.ts';
import { trainingCommands } from './training/part.ts';
import { viewCommands } from './views/commands.ts';

/** Every command of the manifest. */
const TABLE: Readonly<Record<CommandName, Command>> = {
  ...askCommands,
  ...stageCommands,
  ...changeCommands,
  ...reviewCommands,
  ...configurationCommands,
  ...environmentCommands,
  ...graphCommands,
  ...keyCommands,
  ...modelCommands,
  ...runGoalCommands,
  ...statusCommands,
  ...steeringCommands,
  ...trainingCommands,
  ...kernelCommands,
  ...viewCommands,
};

/** Registers them all; what one throws is shown as one message with a remedy. */
export function registerCommands(ctx: Ctx): Disposable {
  const registered = Object.entries(TABLE).map(([name, command]) =>
    commands.registerCommand(COMMANDS[name as CommandName], async (...given: unknown[]) => {
      try {
        return await command(ctx, ...given);
      } catch (error) {
        if (!(error instanceof Cancelled)) void showError(error, ctx.log);
        return undefined;
      }
    }),
  );
  return Disposable.from(...registered);
}
