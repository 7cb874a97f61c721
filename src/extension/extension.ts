import { l10n, window, type Disposable, type ExtensionContext } from 'vscode';
import { Changes } from './changes/changes.ts';
import { changesPart } from './changes/part.ts';
import { chatPart } from './chat/part.ts';
import { registerCommands } from './commands.ts';
import { nodeProgram } from './common/node.ts';
import { showError } from './common/errors.ts';
import { configurationPart } from './configuration/part.ts';
import type { Ctx } from './ctx.ts';
import { followEnvironment } from './environment/doctor.ts';
import { Folders } from './folders.ts';
import { graphPart } from './graph/part.ts';
import { kernelPart } from './kernel/part.ts';
import { Machines } from './kernel/machines.ts';
import { statusPart } from './status/part.ts';
import { slmPart } from './slm/stage-tree.ts';
import { testsPart } from './tests/part.ts';
import { trainingPart } from './training/part.ts';
import { viewsPart } from './views/part.ts';
import { equipEngine, modelsPart } from './models/part.ts';

/** The parts of the extension, in the order in which they are set up. Each is one line here and one folder. */
const PARTS: readonly ((ctx: Ctx) => Disposable)[] = [
  registerCommands,
  changesPart,
  graphPart,
  viewsPart,
  statusPart,
  kernelPart,
  modelsPart,
  configurationPart,
  followEnvironment,
  chatPart,
  testsPart,
  slmPart,
  trainingPart,
];

export function activate(extension: ExtensionContext): void {
  const log = window.createOutputChannel('AUTON', { log: true });
  extension.subscriptions.push(log);
  try {
    const folders = new Folders({
      program: () => nodeProgram(extension),
      onConnected: (client) => equipEngine(client, extension.secrets),
      languageModels: () => true,
      onProblem: (error) => void showError(error, log),
    });
    const machines = new Machines();
    const changes = new Changes(extension.workspaceState);
    extension.subscriptions.push(folders, machines, changes);
    const ctx: Ctx = { extension, log, folders, machines, changes };
    for (const part of PARTS) extension.subscriptions.push(part(ctx));
  } catch (error) {
    void window.showErrorMessage(l10n.t('AUTON could not start: {0}', String(error)));
    throw error;
  }
}

/** Everything is in `subscriptions`; the engine is a process of its own and outlives the window on purpose. */
export function deactivate(): void {}
