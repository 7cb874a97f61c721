import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Disposable,
  EventEmitter,
  l10n,
  RelativePattern,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  window,
  workspace,
  type TreeDataProvider,
} from 'vscode';
import { setContext } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS, VIEWS, type CommandName } from '../ids.ts';
import { Trainings } from '../training/trainings.ts';
import { COLOURS } from '../views/marks.ts';
import { stageStates, type StageState } from './stage-state.ts';
import { stageTasks, type Stage } from './stages.ts';

/** What the pipeline leaves behind, in the folder that `auton slm` works in. */
const FILES = '{slm/**,**/integration_test_report.json}';
const MOST_FILES = 500;
const LOOK_MS = 5000;

const STAGE_COMMANDS: Record<Stage, CommandName> = {
  prepare: 'slmPrepare',
  train: 'slmTrain',
  evaluate: 'slmEvaluate',
  quantize: 'slmQuantize',
  export: 'slmExport',
  integrate: 'slmIntegrate',
};
const ICONS: Record<StageState['state'], ThemeIcon> = {
  todo: new ThemeIcon('circle-outline', new ThemeColor(COLOURS.quiet)),
  running: new ThemeIcon('sync~spin', new ThemeColor(COLOURS.active)),
  done: new ThemeIcon('pass', new ThemeColor(COLOURS.good)),
  failed: new ThemeIcon('error', new ThemeColor(COLOURS.bad)),
};

/** The stages of the language model of the current folder; the view shows where there is a folder `slm/`. */
export function slmPart(ctx: Ctx): Disposable {
  const changed = new EventEmitter<void>();
  let shown = '';
  let states: StageState[] = [];
  const look = async () => {
    const folder = ctx.folders.current;
    const present = folder !== undefined && existsSync(join(folder.path, 'slm'));
    setContext('auton.hasSlm', present);
    if (!folder || !present) return;
    states = await statesOf(folder);
    if (JSON.stringify(states) === shown) return;
    shown = JSON.stringify(states);
    changed.fire();
  };
  const provider: TreeDataProvider<StageState> = {
    onDidChangeTreeData: changed.event,
    getChildren: (stage) => (stage ? [] : states),
    getTreeItem: itemOf,
  };
  const view = window.createTreeView(VIEWS.slm, { treeDataProvider: provider });
  // Only a glance whether there is a folder while nobody sees the view.
  const timer = setInterval(() => {
    if (view.visible || shown === '') void look();
  }, LOOK_MS);
  void look();
  return Disposable.from(
    view,
    changed,
    stageTasks(ctx),
    view.onDidChangeVisibility(() => void look()),
    ctx.folders.onDidChange(({ kind }) => kind === 'folders' && void look()),
    new Disposable(() => clearInterval(timer)),
  );
}

async function statesOf(folder: AutonFolder): Promise<StageState[]> {
  const found = await workspace.findFiles(
    new RelativePattern(folder.folder, FILES),
    '**/{node_modules,sources}/**',
    MOST_FILES,
  );
  const paths = found.map(({ fsPath }) => fsPath.slice(folder.path.length + 1).replaceAll('\\', '/'));
  const trainings = new Trainings(folder);
  try {
    return stageStates(paths, await trainings.read(), await examplesOf(folder));
  } finally {
    trainings.dispose();
  }
}

/** Of the data set; null without one. */
async function examplesOf({ path }: AutonFolder): Promise<number | null> {
  try {
    const text = await readFile(join(path, 'slm', 'data', 'statistics.json'), 'utf8');
    const { train } = JSON.parse(text) as { train?: { examples?: unknown } };
    return typeof train?.examples === 'number' ? train.examples : null;
  } catch {
    return null;
  }
}

function itemOf({ stage, state, detail }: StageState): TreeItem {
  const names: Record<Stage, string> = {
    prepare: l10n.t('Data'),
    train: l10n.t('Training'),
    evaluate: l10n.t('Evaluation'),
    quantize: l10n.t('Quantisation'),
    export: l10n.t('Export'),
    integrate: l10n.t('Integration'),
  };
  const item = new TreeItem(names[stage]);
  item.id = stage;
  item.description = detail;
  item.iconPath = ICONS[state];
  const words = {
    todo: l10n.t('not done yet'),
    running: l10n.t('running'),
    done: l10n.t('done'),
    failed: l10n.t('failed'),
  };
  const spoken = [names[stage], words[state], detail].filter((part) => part !== '').join(', ');
  item.accessibilityInformation = { label: spoken };
  item.tooltip = detail === '' ? l10n.t('Click to run this stage') : detail;
  const isSeen = stage === 'train' && state !== 'todo';
  // A stage that is done is not done again by a mere click.
  if (isSeen) item.command = { command: COMMANDS.showTraining, title: l10n.t('Training') };
  else if (state === 'todo') item.command = { command: COMMANDS[STAGE_COMMANDS[stage]], title: names[stage] };
  return item;
}
