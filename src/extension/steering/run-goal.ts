import {
  commands,
  l10n,
  ProgressLocation,
  QuickPickItemKind,
  ThemeIcon,
  window,
  workspace,
  type QuickPickItem,
} from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { CommandsOf } from '../command.ts';
import { cliJson } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { Cancelled, folderFor, pick } from '../common/pick.ts';
import { targetOf } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS, VIEWS } from '../ids.ts';
import { modelCatalogue } from '../models/catalogue.ts';

export const runGoalCommands: CommandsOf<'runGoal'> = { runGoal };

/** A goal from another part, such as a chat: what is given is not asked for. */
export interface GoalRequest {
  folder?: string;
  goal?: string;
  /** `provider/model`; a playbook is `playbook/<name>`. null: as configured. */
  model?: string | null;
}

const EXAMPLES = [
  'Build a bootable kernel with SLM rule engine that detects hardware via PCI scan',
  'Add a command to the shell that shows how often each interrupt came',
  'Let the SLM explain why a device has no driver',
];
const HISTORY_KEY = 'goals';
const HISTORY_LENGTH = 20;

/** Asks for what is missing, one thing at a time, and starts the run. Returns its id. */
async function runGoal(ctx: Ctx, argument?: unknown): Promise<string> {
  const request = requestOf(argument);
  await requireTrust();
  const folder = await folderFor(ctx, argument);
  refuseSecondRun(folder);
  const goal = request.goal ?? (await askGoal(ctx));
  const model = request.model === undefined ? await askModel(ctx, folder) : request.model;
  await requireTools(ctx, folder);
  const run = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('AUTON starts a run') },
    async () => {
      const client = await folder.engine.require();
      return (await client.startRun({ goal, ...(model === null ? {} : { model }) })).run;
    },
  );
  await remember(ctx, goal);
  void commands.executeCommand(`${VIEWS.runs}.focus`);
  return run;
}

function requestOf(argument: unknown): GoalRequest {
  if (typeof argument === 'string') return { goal: argument };
  if (typeof argument !== 'object' || argument === null || targetOf(argument)?.run) return {};
  const { goal, model } = argument as Record<string, unknown>;
  return {
    ...(typeof goal === 'string' && goal.trim() !== '' ? { goal: goal.trim() } : {}),
    ...(typeof model === 'string' || model === null ? { model } : {}),
  };
}

async function requireTrust(): Promise<void> {
  if (workspace.isTrusted) return;
  const manage = l10n.t('Manage Trust');
  const chosen = await window.showWarningMessage(
    l10n.t('This folder is not trusted, so nothing is executed in it.'),
    {
      modal: true,
      detail: l10n.t(
        'A run builds and boots what is in the folder. Trust it if you know where it comes from.',
      ),
    },
    manage,
  );
  if (chosen === manage) await commands.executeCommand('workbench.trust.manage');
  if (!workspace.isTrusted) throw new Cancelled();
}

function refuseSecondRun(folder: AutonFolder): void {
  const { live } = folder.runs;
  if (live?.state.status !== 'running') return;
  throw new UserError(
    l10n.t('A run is active in {0}: {1}', folder.name, live.state.goal),
    l10n.t('Pause or stop it first, or open another folder.'),
  );
}

/** What is typed is the goal; below it what was asked before, and examples. */
async function askGoal(ctx: Ctx): Promise<string> {
  const history = ctx.extension.workspaceState.get<string[]>(HISTORY_KEY, []);
  const examples = EXAMPLES.filter((example) => !history.includes(example));
  const separator = (label: string): QuickPickItem => ({ label, kind: QuickPickItemKind.Separator });
  const known: QuickPickItem[] = [
    ...(history.length > 0 ? [separator(l10n.t('before')), ...history.map((label) => ({ label }))] : []),
    separator(l10n.t('examples')),
    ...examples.map((label) => ({ label })),
  ];
  const picker = window.createQuickPick();
  picker.title = l10n.t('AUTON: Run Goal');
  picker.placeholder = l10n.t('What shall the agents build? Say it in your own words.');
  picker.ignoreFocusOut = true;
  picker.items = known;
  picker.onDidChangeValue((value) => {
    const typed = value.trim();
    const isKnown = known.some(({ label }) => label === typed);
    picker.items =
      typed === '' || isKnown
        ? known
        : [{ label: typed, description: l10n.t('run this goal'), alwaysShow: true }, ...known];
  });
  const goal = await new Promise<string | undefined>((resolve) => {
    picker.onDidAccept(() => resolve((picker.selectedItems[0]?.label ?? picker.value).trim()));
    picker.onDidHide(() => resolve(undefined));
    picker.show();
  });
  picker.dispose();
  if (goal === undefined) throw new Cancelled();
  if (goal === '')
    throw new UserError(l10n.t('The goal is empty.'), l10n.t('Say in your own words what is wanted.'));
  return goal;
}

async function remember(ctx: Ctx, goal: string): Promise<void> {
  const before = ctx.extension.workspaceState.get<string[]>(HISTORY_KEY, []);
  const goals = [goal, ...before.filter((other) => other !== goal)].slice(0, HISTORY_LENGTH);
  await ctx.extension.workspaceState.update(HISTORY_KEY, goals);
}

interface Check {
  name: string;
  ok: boolean;
  detail: string;
  remedy?: string;
}

/** A run that could not build or boot anything is not started; the list of what is missing has the commands. */
async function requireTools(ctx: Ctx, folder: AutonFolder): Promise<void> {
  const checks = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('AUTON looks at the tools of this machine') },
    () => cliJson<Check[]>(nodeProgram(ctx.extension), folder.path, ['doctor', '--json']),
  );
  const missing = checks.filter(({ ok }) => !ok);
  if (missing.length === 0) return;
  const look = l10n.t('Check Environment');
  const chosen = await window.showErrorMessage(
    l10n.t('This machine cannot build and boot kernels yet.'),
    {
      modal: true,
      detail: missing.map(({ name, detail, remedy }) => `${name}: ${remedy ?? detail}`).join('\n'),
    },
    look,
  );
  if (chosen === look) await commands.executeCommand(COMMANDS.checkEnvironment);
  throw new Cancelled();
}

/** null: what auton.toml and the keys say. A model without its key asks for the key first. */
async function askModel(ctx: Ctx, folder: AutonFolder): Promise<string | null> {
  const replay = 'playbook/reference';
  for (;;) {
    const { model } = await modelCatalogue(ctx, folder);
    const lacksKey = model.missingKey !== null;
    const configured = {
      label: model.name,
      iconPath: new ThemeIcon(lacksKey ? 'key' : 'settings-gear'),
      description: lacksKey ? l10n.t('as configured; its key is missing') : l10n.t('as configured'),
      value: 'configured' as const,
    };
    const playbook = {
      label: replay,
      iconPath: new ThemeIcon('debug-rerun'),
      description: l10n.t('no model, no key, no network'),
      detail: l10n.t(
        'Replays the recorded answers of a session that built the reference kernel; all the rest is real.',
      ),
      value: 'replay' as const,
    };
    const other = {
      label: l10n.t('Another model...'),
      iconPath: new ThemeIcon('list-selection'),
      value: 'other' as const,
    };
    const isReplay = model.name === replay;
    const items = isReplay
      ? [{ ...playbook, value: 'configured' as const }, other]
      : [configured, playbook, other];
    const chosen = await pick(items, l10n.t('Who works on it?'), { always: true });
    if (chosen === 'replay') return replay;
    if (chosen === 'configured' && !lacksKey) return null;
    const { missingKey: provider } = model;
    if (chosen === 'other') await commands.executeCommand(COMMANDS.selectModels, { folder: folder.path });
    else await commands.executeCommand(COMMANDS.setApiKey, { folder: folder.path, provider });
  }
}
