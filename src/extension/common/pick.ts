import { l10n, window, type QuickPickItem } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { AgentView, TaskView } from '../../protocol/run-state.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { targetOf } from './target.ts';

/** Thrown when the user closes a picker: nothing is shown, nothing is done. */
export class Cancelled extends Error {}

/** Asks for one of several; the only one is taken without asking. */
export async function pick<T>(
  items: readonly (QuickPickItem & { value: T })[],
  placeHolder: string,
  options: { always?: boolean } = {},
): Promise<T> {
  if (items.length === 1 && !options.always) return items[0]!.value;
  const chosen = await window.showQuickPick(items, {
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!chosen) throw new Cancelled();
  return chosen.value;
}

/** Asks for a line of text. */
export async function input(options: Parameters<typeof window.showInputBox>[0]): Promise<string> {
  const text = await window.showInputBox({ ignoreFocusOut: true, ...options });
  if (text === undefined) throw new Cancelled();
  return text;
}

/** The folder that is meant: the argument's, the one an engine works in, the only one, or one that is asked for. */
export async function folderFor(ctx: Ctx, argument: unknown): Promise<AutonFolder> {
  const named = targetOf(argument);
  const folders = ctx.folders.all;
  if (folders.length === 0) {
    throw new UserError(
      l10n.t('No folder is open.'),
      l10n.t('AUTON keeps its runs in a folder and builds the kernel there: open one.'),
    );
  }
  const known = named ? ctx.folders.get(named.folder) : folders.find(({ runs }) => runs.live);
  const folder =
    known ??
    (await pick(
      folders.map((value) => ({ label: value.name, description: value.path, value })),
      l10n.t('In which folder?'),
    ));
  ctx.folders.use(folder);
  return folder;
}

/** The run that is meant: the argument's, else the live one, else the newest. */
export async function runFor(
  ctx: Ctx,
  argument: unknown,
): Promise<{ folder: AutonFolder; record: RunRecord }> {
  const folder = await folderFor(ctx, argument);
  const named = targetOf(argument)?.run;
  const record = named === undefined ? (folder.runs.live ?? folder.runs.newest) : folder.runs.get(named);
  if (!record) {
    throw new UserError(
      l10n.t('There are no runs in {0}.', folder.name),
      l10n.t('Start one with "AUTON: Run Goal".'),
    );
  }
  await folder.runs.load(record);
  if (record.problem) throw record.problem;
  return { folder, record };
}

/** The task that is meant, or one of those that fit. */
export async function taskFor(
  ctx: Ctx,
  argument: unknown,
  placeHolder: string,
  fits: (task: TaskView) => boolean = () => true,
): Promise<{ folder: AutonFolder; record: RunRecord; task: TaskView }> {
  const { folder, record } = await runFor(ctx, argument);
  const named = targetOf(argument)?.task;
  const known = named === undefined ? undefined : record.state.tasks.get(named);
  if (known) return { folder, record, task: known };
  const tasks = [...record.state.tasks.values()].filter(fits);
  if (tasks.length === 0) {
    throw new UserError(
      l10n.t('No task of this run fits.'),
      l10n.t('The Runs view shows the state of each task, and its menu what can be done with it.'),
    );
  }
  const items = tasks.map((value) => ({
    label: value.spec.id,
    description: value.state,
    detail: value.spec.title,
    value,
  }));
  return { folder, record, task: await pick(items, placeHolder, { always: true }) };
}

/** The agent that is meant, or one that is asked for. */
export async function agentFor(
  ctx: Ctx,
  argument: unknown,
  placeHolder: string,
): Promise<{ folder: AutonFolder; record: RunRecord; agent: AgentView }> {
  const { folder, record } = await runFor(ctx, argument);
  const named = targetOf(argument)?.agent;
  const known = named === undefined ? undefined : record.state.agents.get(named);
  if (known) return { folder, record, agent: known };
  const items = [...record.state.agents.values()].map((value) => ({
    label: value.id,
    description: value.activity,
    value,
  }));
  return { folder, record, agent: await pick(items, placeHolder, { always: true }) };
}
