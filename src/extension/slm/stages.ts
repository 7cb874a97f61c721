import { basename, dirname } from 'node:path';
import {
  commands,
  l10n,
  ProcessExecution,
  Task,
  TaskPanelKind,
  TaskRevealKind,
  tasks,
  Uri,
  workspace,
  type Disposable,
  type TaskDefinition,
} from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { Command, CommandsOf } from '../command.ts';
import { nodeProgram } from '../common/node.ts';
import { folderFor, pick } from '../common/pick.ts';
import { requireTrust } from '../common/trust.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS, TASK_TYPES } from '../ids.ts';

/** The stages of the pipeline, each a command of `auton slm`. */
export const STAGES = ['prepare', 'train', 'evaluate', 'quantize', 'export', 'integrate'] as const;
export type Stage = (typeof STAGES)[number];

/** Every stage runs as a task, whose terminal stays to be read. */
export const stageCommands: CommandsOf<
  'slmPrepare' | 'slmTrain' | 'slmEvaluate' | 'slmQuantize' | 'slmExport' | 'slmIntegrate'
> = {
  slmPrepare: stage('prepare'),
  slmTrain: async (ctx, argument) => {
    await stage('train')(ctx, argument);
    await commands.executeCommand(COMMANDS.showTraining, argument);
  },
  slmEvaluate: stage('evaluate'),
  slmQuantize: stage('quantize'),
  slmExport: stage('export'),
  slmIntegrate: stage('integrate', async () => ['--model', await askGguf()]),
};

function stage(name: Stage, more: () => Promise<readonly string[]> = async () => []): Command {
  return async (ctx, argument) => {
    requireTrust();
    const folder = await folderFor(ctx, argument);
    await tasks.executeTask(
      stageTask(ctx, folder, { type: TASK_TYPES.slm, stage: name, args: await more() }),
    );
  };
}

interface StageDefinition extends TaskDefinition {
  stage: string;
  /** Further arguments, such as `--set train.steps=100`. */
  args?: readonly string[];
}

/** What tasks.json may name: `{ "type": "auton-slm", "stage": "train", "args": [...] }`. */
export function stageTasks(ctx: Ctx): Disposable {
  return tasks.registerTaskProvider(TASK_TYPES.slm, {
    provideTasks: () =>
      ctx.folders.all.flatMap((folder) =>
        STAGES.filter((name) => name !== 'integrate').map((name) =>
          stageTask(ctx, folder, { type: TASK_TYPES.slm, stage: name }),
        ),
      ),
    resolveTask: ({ definition, scope }) => {
      const folder = typeof scope === 'object' ? ctx.folders.get(scope.uri.fsPath) : ctx.folders.current;
      return folder && stageTask(ctx, folder, definition as StageDefinition);
    },
  });
}

function stageTask(ctx: Ctx, folder: AutonFolder, definition: StageDefinition): Task {
  const { node, script, env } = nodeProgram(ctx.extension);
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { stage: name, args = [] } = definition;
  const execution = new ProcessExecution(
    node,
    [script, '--workspace', folder.path, 'slm', name, ...args.map(String)],
    { cwd: folder.path, env: Object.fromEntries(given) },
  );
  const task = new Task(
    definition,
    folder.folder,
    l10n.t('language model: {0}', name),
    'AUTON',
    execution,
    [],
  );
  task.presentationOptions = { panel: TaskPanelKind.Dedicated, clear: true, reveal: TaskRevealKind.Always };
  return task;
}

async function askGguf(): Promise<string> {
  const files = await workspace.findFiles('**/*.gguf', '**/node_modules/**', 50);
  if (files.length === 0) {
    throw new UserError(
      l10n.t('There is no GGUF file in this workspace.'),
      l10n.t('"AUTON: Export Language Model" writes one from what was trained.'),
    );
  }
  return pick(
    files.map(({ fsPath }) => ({
      label: basename(fsPath),
      description: workspace.asRelativePath(Uri.file(dirname(fsPath))),
      value: fsPath,
    })),
    l10n.t('Which model becomes part of the kernel?'),
    { always: true },
  );
}
