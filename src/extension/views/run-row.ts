import { l10n } from 'vscode';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { oneLine } from '../../protocol/printable.ts';
import type { RunState } from '../../protocol/run-state.ts';
import { totalTokens } from '../../protocol/usage.ts';
import { dayAndTime, dollars } from '../../protocol/units.ts';
import type { RunPhase, RunRecord } from '../runs/run-record.ts';
import type { Glance } from '../runs/glance.ts';
import { COLOURS, PHASE_MARKS } from './marks.ts';
import { code, escape, excerpt, facts, paragraphs } from '../common/markdown.ts';
import { inEditor } from '../common/palette.ts';
import type { Row } from './node.ts';

const NOTICES = 5;
const TEXT_CHARACTERS = 400;
const RESUMABLE: ReadonlySet<RunPhase> = new Set(['paused', 'interrupted', 'failed']);

/**
 * The run that the user works with goes by its goal; those before it by their time, since many have the same goal.
 * `glance` is what is known of a run whose log was not read yet.
 */
export function runRow(record: RunRecord, glance: Glance | undefined, isCurrent: boolean): Row {
  if (record.problem) return brokenRow(record, glance);
  const { state } = record;
  const known = record.loaded ? state : glance;
  const phase = phaseOf(record, glance);
  const mark = phase && PHASE_MARKS[phase];
  const numbers = record.loaded ? [progressText(state), costText(state)] : [];
  const goal = known ? oneLine(known.goal) : '';
  const time = known && known.startedAt !== '' ? dayAndTime(known.startedAt) : record.id;
  const label = isCurrent ? goal || record.id : time;
  const parts = [mark?.word ?? '', ...numbers, isCurrent ? '' : goal].filter((part) => part !== '');
  return {
    label,
    description: parts.join(' · '),
    icon: mark?.icon ?? { id: 'history', color: COLOURS.quiet },
    context: ['run', ...(phase ? [phase] : []), ...(phase && RESUMABLE.has(phase) ? ['resumable'] : [])].join(
      ' ',
    ),
    spoken: [l10n.t('Run'), label, ...parts].join(', '),
    folding: isCurrent ? 'open' : 'closed',
  };
}

function phaseOf(record: RunRecord, glance: Glance | undefined): RunPhase | undefined {
  if (record.loaded) return record.phase;
  return glance?.status === 'running' && !record.live ? 'interrupted' : glance?.status;
}

function brokenRow(record: RunRecord, glance: Glance | undefined): Row {
  const problem = l10n.t('cannot be read');
  const label = (glance && oneLine(glance.goal)) || oneLine(record.state.goal) || record.id;
  return {
    label,
    description: problem,
    icon: { id: 'error', color: COLOURS.bad },
    context: 'broken',
    spoken: [l10n.t('Run'), label, problem].join(', '),
    folding: 'open',
  };
}

/** "7 of 18" tasks, or nothing before there are any. */
export function progressText({ tasks, merges }: RunState): string {
  return tasks.size === 0 ? '' : l10n.t('{0} of {1} tasks', merges.length, tasks.size);
}

/** A run whose answers are recorded costs nothing, and must not look as if a model had been cheap. */
export function costText(state: RunState): string {
  if (state.modelLabel.startsWith('playbook') && state.spentUsd === 0) return l10n.t('no model');
  const spent = l10n.t('{0} of {1}', dollars(state.spentUsd), dollars(state.maxCostUsd));
  return state.unpricedCalls === 0 ? spent : l10n.t('{0} and calls of unknown price', spent);
}

export function runTooltip(record: RunRecord): string {
  if (record.problem) return problemTooltip(record.problem);
  if (!record.loaded) return code(record.id);
  const { state, phase } = record;
  const mark = PHASE_MARKS[phase];
  const tokens = totalTokens(state.usage);
  const notices = state.notices.filter(({ level }) => level !== 'info').slice(-NOTICES);
  return paragraphs(
    `**${excerpt(state.goal, TEXT_CHARACTERS)}**`,
    `$(${mark.icon.id.replace('~spin', '')}) ${escape(mark.word)}${state.statusMessage === '' ? '' : ` · ${excerpt(inEditor(state.statusMessage), TEXT_CHARACTERS)}`}`,
    phase === 'interrupted' && escape(l10n.t('No engine works on it. Resume continues where its log ends.')),
    facts(
      [l10n.t('Tasks'), escape(progressText(state))],
      [l10n.t('Cost'), escape(costText(state))],
      tokens > 0 && [l10n.t('Tokens'), tokens.toLocaleString('en')],
      [l10n.t('Model'), escape(state.modelLabel)],
      [l10n.t('Architecture'), code(state.arch)],
      [l10n.t('Started'), escape(dayAndTime(state.startedAt))],
      [l10n.t('Workspace'), code(state.workspace)],
      [l10n.t('Branch'), code(state.targetBranch)],
      state.sandbox === 'off' && [l10n.t('Sandbox'), `$(warning) ${escape(l10n.t('off'))}`],
      [l10n.t('Run'), code(record.id)],
    ),
    ...notices.map(({ level, text }) => `$(${level}) ${excerpt(text, TEXT_CHARACTERS)}`),
  );
}

export function problemTooltip(problem: Error): string {
  if (!(problem instanceof UserError)) return escape(errorMessage(problem));
  return paragraphs(escape(problem.message), `$(lightbulb) ${escape(problem.remedy)}`);
}
