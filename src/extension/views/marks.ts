import { l10n } from 'vscode';
import type { EVIDENCE_KINDS } from '../../protocol/evidence.ts';
import type { Role } from '../../protocol/roles.ts';
import type { TaskState } from '../../protocol/task.ts';
import type { RunPhase } from '../runs/run-record.ts';
import type { Icon } from './node.ts';

/** Colours that every theme has, the high-contrast ones too. */
export const COLOURS = {
  good: 'charts.green',
  bad: 'charts.red',
  waiting: 'charts.yellow',
  active: 'charts.blue',
  judged: 'charts.purple',
  quiet: 'disabledForeground',
} as const;

interface Mark {
  icon: Icon;
  word: string;
}

/** How each state of a task looks, wherever a task is shown. */
export const TASK_MARKS: Record<TaskState, Mark> = {
  pending: { icon: { id: 'circle-outline', color: COLOURS.quiet }, word: l10n.t('waiting') },
  ready: { icon: { id: 'circle-outline', color: COLOURS.active }, word: l10n.t('ready') },
  running: { icon: { id: 'sync~spin', color: COLOURS.active }, word: l10n.t('in work') },
  validating: { icon: { id: 'beaker', color: COLOURS.judged }, word: l10n.t('being tested') },
  review: { icon: { id: 'eye', color: COLOURS.judged }, word: l10n.t('in review') },
  queued: { icon: { id: 'git-merge', color: COLOURS.judged }, word: l10n.t('being merged') },
  merged: { icon: { id: 'pass', color: COLOURS.good }, word: l10n.t('merged') },
  blocked: { icon: { id: 'circle-slash', color: COLOURS.waiting }, word: l10n.t('blocked') },
  failed: { icon: { id: 'error', color: COLOURS.bad }, word: l10n.t('failed') },
  cancelled: { icon: { id: 'circle-slash', color: COLOURS.quiet }, word: l10n.t('cancelled') },
  skipped: { icon: { id: 'debug-step-over', color: COLOURS.quiet }, word: l10n.t('left out') },
};

export const PHASE_MARKS: Record<RunPhase, Mark> = {
  running: { icon: { id: 'sync~spin', color: COLOURS.active }, word: l10n.t('running') },
  paused: { icon: { id: 'debug-pause', color: COLOURS.waiting }, word: l10n.t('paused') },
  interrupted: { icon: { id: 'debug-disconnect', color: COLOURS.waiting }, word: l10n.t('interrupted') },
  done: { icon: { id: 'pass-filled', color: COLOURS.good }, word: l10n.t('done') },
  failed: { icon: { id: 'error', color: COLOURS.bad }, word: l10n.t('failed') },
  cancelled: { icon: { id: 'circle-slash', color: COLOURS.quiet }, word: l10n.t('stopped') },
};

export const WAITS_ON_USER: Icon = { id: 'bell-dot', color: COLOURS.waiting };

export const ROLE_MARKS: Record<Role, { icon: string; word: string }> = {
  manager: { icon: 'organization', word: l10n.t('manager') },
  architect: { icon: 'compass', word: l10n.t('architect') },
  developer: { icon: 'code', word: l10n.t('developer') },
  reviewer: { icon: 'eye', word: l10n.t('reviewer') },
  tester: { icon: 'beaker', word: l10n.t('tester') },
  integrator: { icon: 'git-merge', word: l10n.t('integrator') },
  data_scientist: { icon: 'database', word: l10n.t('data scientist') },
  model_architect: { icon: 'circuit-board', word: l10n.t('model architect') },
  training: { icon: 'mortar-board', word: l10n.t('training') },
  evaluation: { icon: 'graph', word: l10n.t('evaluation') },
  quantization: { icon: 'fold', word: l10n.t('quantization') },
  export: { icon: 'package', word: l10n.t('export') },
};

export const EVIDENCE_MARKS: Record<(typeof EVIDENCE_KINDS)[number], { icon: string; word: string }> = {
  diff: { icon: 'diff', word: l10n.t('Diff') },
  build: { icon: 'tools', word: l10n.t('Build') },
  boot: { icon: 'vm-running', word: l10n.t('Boot') },
  composition: { icon: 'layers', word: l10n.t('Composition') },
  inference: { icon: 'comment-discussion', word: l10n.t('Inference') },
};
