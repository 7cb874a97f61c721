import { l10n } from 'vscode';
import { oneLine } from '../../protocol/printable.ts';
import type { RunState } from '../../protocol/run-state.ts';
import type { LinkStatus } from '../engine/engine-link.ts';
import type { CommandName } from '../ids.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { countOf, waitingOn, type Waiting } from '../runs/waiting.ts';
import { escape, excerpt, paragraphs } from '../common/markdown.ts';
import { inEditor } from '../common/palette.ts';
import { PHASE_MARKS } from '../views/marks.ts';
import { costText, progressText } from '../views/run-row.ts';

export interface StatusText {
  text: string;
  /** Markdown. */
  tooltip: string;
  spoken: string;
  background: 'none' | 'warning' | 'error';
}

/** What the status bar says of a folder; null where there is nothing to say. */
export function statusText(record: RunRecord | undefined, link: LinkStatus): StatusText | null {
  if (!record?.loaded || record.problem) {
    return link === 'connected' ? status('vm', l10n.t('ready'), '', 'none') : null;
  }
  const { phase, state } = record;
  const goal = `**${excerpt(state.goal, 200)}**`;
  const numbers = [progressText(state), costText(state)].filter((part) => part !== '').join(' · ');
  if (link === 'lost') {
    const remedy = l10n.t('The engine ended unexpectedly. Restart it, and the run goes on.');
    return status('debug-disconnect', l10n.t('engine ended'), paragraphs(goal, escape(remedy)), 'error');
  }
  const waiting = waitingOn(record);
  const message = state.statusMessage === '' ? '' : excerpt(inEditor(state.statusMessage), 400);
  if (countOf(waiting) > 0) {
    const waits = l10n.t('Waits for you: {0}', waitingText(waiting));
    const tooltip = paragraphs(goal, `$(bell-dot) ${escape(waits)}`, message, escape(numbers));
    return status('bell-dot', waitingText(waiting), tooltip, 'warning');
  }
  const mark = PHASE_MARKS[phase];
  const tooltip = paragraphs(goal, escape(mark.word), message, escape(numbers));
  const short = [progress(state), costText(state)].filter((part) => part !== '').join(' · ');
  const word = phase === 'running' || phase === 'done' ? '' : mark.word;
  return status(
    mark.icon.id,
    [word, short].filter((part) => part !== '').join(' '),
    tooltip,
    'none',
    mark.word,
  );
}

function status(
  icon: string,
  words: string,
  tooltip: string,
  background: StatusText['background'],
  phase = '',
): StatusText {
  const spoken = ['AUTON', phase, oneLine(words)].filter((part) => part !== '').join(', ');
  return { text: `$(${icon}) AUTON ${words}`.trimEnd(), tooltip, spoken, background };
}

function progress({ tasks, merges, status: now }: RunState): string {
  if (tasks.size > 0) return `${merges.length}/${tasks.size}`;
  return now === 'running' ? l10n.t('planning') : '';
}

/** The one thing to say of what waits, the most urgent. */
export function waitingText({ questions, reviews, paused }: Waiting): string {
  switch (paused) {
    case 'budget':
      return l10n.t('budget reached');
    case 'model':
      return l10n.t('the model does not answer');
    case 'workspace':
      return l10n.t('the workspace needs you');
    case null:
      if (questions > 0) return questions === 1 ? l10n.t('1 question') : l10n.t('{0} questions', questions);
      return reviews === 1 ? l10n.t('1 review') : l10n.t('{0} reviews', reviews);
  }
}

/** The commands that a click on the status bar may offer, with the manifest's titles, which no extension is told. */
export const ACTIONS = {
  restartEngine: `$(debug-restart) ${l10n.t('Restart Engine')}`,
  answerQuestion: `$(reply) ${l10n.t('Answer Question')}`,
  approve: `$(check) ${l10n.t('Approve')}`,
  reject: `$(request-changes) ${l10n.t('Reject')}`,
  setBudget: `$(credit-card) ${l10n.t('Set Budget')}`,
  setApiKey: `$(key) ${l10n.t('Set API Key')}`,
  resume: `$(debug-continue) ${l10n.t('Resume')}`,
  chatWithKernel: `$(comment-discussion) ${l10n.t('Chat With Kernel')}`,
  bootKernel: `$(vm-running) ${l10n.t('Boot Kernel')}`,
  openGraph: `$(type-hierarchy) ${l10n.t('Open Graph')}`,
  showReport: `$(output) ${l10n.t('Show Report')}`,
  showCosts: `$(credit-card) ${l10n.t('Show Costs')}`,
  pause: `$(debug-pause) ${l10n.t('Pause')}`,
  stop: `$(debug-stop) ${l10n.t('Stop')}`,
  messageAgent: `$(comment) ${l10n.t('Message Agent')}`,
  runGoal: `$(rocket) ${l10n.t('Run Goal')}`,
  showLogs: `$(note) ${l10n.t('Show Logs')}`,
  checkEnvironment: `$(checklist) ${l10n.t('Check Environment')}`,
} satisfies Partial<Record<CommandName, string>>;
export type Action = keyof typeof ACTIONS;

/** The commands that make sense now, the most helpful first. */
export function actionsFor(record: RunRecord | undefined, link: LinkStatus): Action[] {
  const known = record?.loaded && !record.problem ? record : undefined;
  const waiting = known ? waitingOn(known) : { questions: 0, reviews: 0, paused: null };
  const phase = known?.phase;
  const actions: [Action, boolean][] = [
    ['restartEngine', link === 'lost'],
    ['answerQuestion', waiting.questions > 0],
    ['approve', waiting.reviews > 0],
    ['reject', waiting.reviews > 0],
    ['setBudget', waiting.paused === 'budget'],
    ['setApiKey', waiting.paused === 'model'],
    ['resume', phase === 'paused' || phase === 'failed' || (phase === 'interrupted' && link !== 'lost')],
    ['chatWithKernel', phase === 'done'],
    ['bootKernel', phase === 'done'],
    ['openGraph', known !== undefined],
    ['showReport', known !== undefined],
    ['showCosts', known !== undefined],
    ['pause', phase === 'running'],
    ['stop', phase === 'running' || phase === 'paused' || phase === 'interrupted'],
    ['messageAgent', phase === 'running'],
    ['runGoal', phase !== 'running' && phase !== 'paused'],
    ['showLogs', true],
    ['checkEnvironment', true],
  ];
  return actions.filter(([, fits]) => fits).map(([name]) => name);
}
