import { l10n } from 'vscode';
import { oneLine } from '../../protocol/printable.ts';
import type { RunState, TaskView } from '../../protocol/run-state.ts';
import { SATISFIED_STATES } from '../../protocol/task.ts';
import { totalTokens } from '../../protocol/usage.ts';
import { dollars, duration } from '../../protocol/units.ts';
import type { RunPhase } from '../runs/run-record.ts';
import { awaitsUser, isChanged, isOpen, isRetryable } from '../runs/task-rules.ts';
import { TASK_MARKS, WAITS_ON_USER } from './marks.ts';
import { code, escape, excerpt, facts, paragraphs } from '../common/markdown.ts';
import type { Row } from './node.ts';
import { evidenceLine } from './evidence-row.ts';

const NAMED_BLOCKERS = 3;
const DESCRIPTION_CHARACTERS = 600;

export function taskRow(task: TaskView, state: RunState, phase: RunPhase): Row {
  const mark = TASK_MARKS[task.state];
  const waits = awaitsUser(task);
  const spins = task.state === 'running' && phase !== 'running';
  const word = waits ? l10n.t('waits for your review') : mark.word;
  const doing = situation(task, state, phase);
  return {
    label: task.spec.id,
    description: [doing, ...amounts(task)].filter((part) => part !== '').join(' · '),
    icon: waits ? WAITS_ON_USER : spins ? { ...mark.icon, id: 'sync' } : mark.icon,
    context: ['task', task.state, ...abilities(task, state)].join(' '),
    spoken: [
      task.spec.id,
      task.spec.title,
      word,
      doing === word || doing === task.spec.title ? '' : doing,
      ...amounts(task),
    ]
      .filter((part) => part !== '')
      .join(', '),
    folding: 'none',
  };
}

/** Who does what to it now, or what it waits for. */
function situation(task: TaskView, state: RunState, phase: RunPhase): string {
  const { word } = TASK_MARKS[task.state];
  if (awaitsUser(task)) return l10n.t('waits for your review');
  switch (task.state) {
    case 'pending':
    case 'blocked': {
      const open = blockers(task, state);
      if (task.state === 'blocked' && task.reason !== '') return oneLine(task.reason);
      return open.length === 0 ? word : l10n.t('waits for {0}', nameSome(open));
    }
    case 'running':
    case 'review': {
      const agent = [...state.agents.values()].find(({ task: on }) => on === task.spec.id);
      if (!agent || phase !== 'running') return word;
      return `${agent.id}: ${oneLine(agent.activity)}`;
    }
    case 'queued':
      return task.conflict ? l10n.t('conflicts in {0}', nameSome(task.conflict)) : word;
    case 'failed':
    case 'cancelled':
    case 'skipped':
      return task.reason === '' ? word : oneLine(task.reason);
    case 'merged':
      return oneLine(task.spec.title);
    default:
      return word;
  }
}

/** Tasks that have to be merged first. */
export function blockers(task: TaskView, state: RunState): string[] {
  return task.spec.dependsOn.filter((id) => {
    const other = state.tasks.get(id);
    return other !== undefined && !SATISFIED_STATES.has(other.state);
  });
}

function amounts(task: TaskView): string[] {
  const attempts = developers(task);
  return [
    attempts > 1 ? l10n.t('{0} attempts', attempts) : '',
    task.spentUsd > 0 ? dollars(task.spentUsd) : '',
  ];
}

/** The integrator's work is not an attempt that counts. */
function developers(task: TaskView): number {
  return task.attempts.filter(({ role }) => role !== 'integrator').length;
}

function abilities(task: TaskView, { status }: RunState): string[] {
  const steerable = status !== 'done' && status !== 'cancelled';
  return Object.entries({
    changed: isChanged(task),
    reviewable: steerable && awaitsUser(task),
    retryable: steerable && isRetryable(task),
    skippable: steerable && isOpen(task),
    cancellable: steerable && isOpen(task),
    tried: task.attempts.length > 0,
  })
    .filter(([, able]) => able)
    .map(([word]) => word);
}

function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_BLOCKERS).join(', ');
  const more = names.length - NAMED_BLOCKERS;
  return more > 0 ? l10n.t('{0} and {1} more', shown, more) : shown;
}

export function taskTooltip(task: TaskView, state: RunState, phase: RunPhase): string {
  const { spec } = task;
  const mark = TASK_MARKS[task.state];
  const attempt = task.attempts.at(-1);
  const evidence = task.evidence.at(-1);
  const review = task.reviews.at(-1);
  const tokens = totalTokens(task.usage);
  const doing = situation(task, state, phase);
  return paragraphs(
    `**${escape(spec.title)}** ${code(spec.id)}`,
    `$(${mark.icon.id.replace('~spin', '')}) ${escape(mark.word)}${detail(doing, mark.word)}`,
    !doing.includes(oneLine(task.reason)) && excerpt(task.reason, DESCRIPTION_CHARACTERS),
    facts(
      [l10n.t('Subsystem'), code(spec.subsystem)],
      [l10n.t('Depends on'), spec.dependsOn.map(code).join(', ')],
      [l10n.t('Acceptance tests'), spec.acceptance.map(code).join(', ')],
      attempt !== undefined && [l10n.t('Branch'), code(attempt.branch)],
      attempt !== undefined && [l10n.t('Attempts'), attemptsText(task)],
      task.mergedAs !== null && [l10n.t('Merged as'), code(task.mergedAs.slice(0, 12))],
      task.conflict !== null && [l10n.t('Conflicts in'), task.conflict.map(code).join(', ')],
      tokens > 0 && [
        l10n.t('Spent'),
        escape(
          [task.spentUsd > 0 ? dollars(task.spentUsd) : '', l10n.t('{0} tokens', tokens.toLocaleString('en'))]
            .filter((part) => part !== '')
            .join(', '),
        ),
      ],
      evidence !== undefined && [l10n.t('Last evidence'), evidenceLine(evidence)],
      review !== undefined && [
        escape(l10n.t('Review by {0}', review.agent)),
        excerpt(review.review.summary, DESCRIPTION_CHARACTERS),
      ],
    ),
    excerpt(spec.description, DESCRIPTION_CHARACTERS),
  );
}

function detail(text: string, word: string): string {
  return text === word ? '' : ` · ${excerpt(text, DESCRIPTION_CHARACTERS)}`;
}

function attemptsText(task: TaskView): string {
  const last = task.attempts.at(-1)!;
  const took =
    last.endedAt === null
      ? ''
      : duration(new Date(last.endedAt).getTime() - new Date(last.startedAt).getTime());
  return escape(
    [String(developers(task)), l10n.t('last by {0}', last.agent), took].filter(Boolean).join(' · '),
  );
}
