import { l10n } from 'vscode';
import type { RunEvent } from '../../protocol/events.ts';
import { oneLine } from '../../protocol/printable.ts';
import { inEditor } from '../common/palette.ts';
import type { Target } from '../common/target.ts';
import type { CommandName } from '../ids.ts';
import type { RunRecord } from '../runs/run-record.ts';

const TEXT_CHARACTERS = 300;

export interface Notice {
  severity: 'info' | 'warning' | 'error';
  text: string;
  /** It waits on the user, who may want only such notices. */
  waits: boolean;
  buttons: readonly { label: string; command: CommandName; target: Target }[];
  /** It need not be shown late, to a user who comes back, when this is not so any more. */
  holds: () => boolean;
}

/** What the user is told when something happens in a run; null for most of it. */
export function noticeOf(event: RunEvent, record: RunRecord, folder: string): Notice | null {
  const target: Target = { folder, run: record.id };
  const { state } = record;
  switch (event.type) {
    case 'question.asked':
      return {
        severity: 'info',
        text: l10n.t('{0} asks: {1}', event.agent, plain(event.question)),
        waits: true,
        buttons: [
          { label: l10n.t('Answer'), command: 'answerQuestion', target: { ...target, question: event.id } },
        ],
        holds: () => state.questions.get(event.id)?.answer === null,
      };
    case 'review.awaits_user': {
      const task = { ...target, task: event.task };
      return {
        severity: 'info',
        text: l10n.t('The reviewer approved {0}; now it waits for you.', event.task),
        waits: true,
        buttons: [
          { label: l10n.t('Show Changes'), command: 'openBranchChanges', target: task },
          { label: l10n.t('Approve'), command: 'approve', target: task },
          { label: l10n.t('Reject'), command: 'reject', target: task },
        ],
        holds: () => state.tasks.get(event.task)?.awaitingUser === true,
      };
    }
    case 'run.paused':
      return pausedNotice(event.reason, event.message, target, () => state.pauseReason === event.reason);
    case 'run.finished':
      return finishedNotice(event.outcome, event.summary, record, target);
    default:
      return null;
  }
}

type PauseReason = Extract<RunEvent, { type: 'run.paused' }>['reason'];

function pausedNotice(
  reason: PauseReason,
  message: string,
  target: Target,
  holds: () => boolean,
): Notice | null {
  const resume = { label: l10n.t('Resume'), command: 'resume', target } as const;
  const buttons: Record<PauseReason, Notice['buttons'] | null> = {
    user: null,
    budget: [
      { label: l10n.t('Set Budget'), command: 'setBudget', target },
      { label: l10n.t('Show Costs'), command: 'showCosts', target },
    ],
    model: [
      resume,
      { label: l10n.t('Set API Key'), command: 'setApiKey', target },
      { label: l10n.t('Select Models'), command: 'selectModels', target },
    ],
    workspace: [resume, { label: l10n.t('Show Logs'), command: 'showLogs', target }],
  };
  const offered = buttons[reason];
  if (!offered) return null;
  const text = l10n.t('The run is paused: {0}', plain(inEditor(message)));
  return { severity: 'warning', text, waits: true, buttons: offered, holds };
}

function finishedNotice(outcome: string, summary: string, record: RunRecord, target: Target): Notice | null {
  const { state } = record;
  const graph = { label: l10n.t('Open Graph'), command: 'openGraph', target } as const;
  const report = { label: l10n.t('Show Report'), command: 'showReport', target } as const;
  const holds = () => state.status === outcome;
  if (outcome === 'done') {
    const chat = { label: l10n.t('Chat With Kernel'), command: 'chatWithKernel', target } as const;
    return {
      severity: 'info',
      text: l10n.t('The run is done: {0}', plain(summary)),
      waits: false,
      buttons: state.mode === 'slm_training' ? [graph, report] : [chat, graph, report],
      holds,
    };
  }
  if (outcome !== 'failed') return null; // the user stopped it
  const failed = [...state.tasks.values()].find((task) => task.state === 'failed')?.spec.id;
  const why =
    failed === undefined
      ? []
      : [{ label: l10n.t('Show Why'), command: 'revealTask', target: { ...target, task: failed } } as const];
  return {
    severity: 'error',
    text: l10n.t('The run failed: {0}', plain(summary)),
    waits: false,
    buttons: [...why, report],
    holds,
  };
}

/** An engine ended without a word while it worked on a run. */
export function lostNotice(goal: string, folder: string, holds: () => boolean): Notice {
  return {
    severity: 'error',
    text: l10n.t(
      'The engine ended unexpectedly while it worked on "{0}". Nothing that was merged is lost.',
      plain(goal),
    ),
    waits: true,
    buttons: [
      { label: l10n.t('Restart Engine'), command: 'restartEngine', target: { folder } },
      { label: l10n.t('Show Logs'), command: 'showLogs', target: { folder } },
    ],
    holds,
  };
}

/** Agents' text without what a notification would make a link of. */
function plain(text: string): string {
  const line = oneLine(text).replaceAll('](', '] (');
  return line.length <= TEXT_CHARACTERS ? line : `${line.slice(0, TEXT_CHARACTERS - 1).trimEnd()}…`;
}
