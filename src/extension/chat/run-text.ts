import type { Evidence } from '../../protocol/evidence.ts';
import type { RunState, TaskView } from '../../protocol/run-state.ts';
import { TASK_STATES } from '../../protocol/task.ts';
import type { RunPhase } from '../runs/run-record.ts';
import { code, fenced, lastLines, plain } from '../common/markdown.ts';

/** `l10n.t` for people; English for models. */
export type Translate = (message: string, ...args: (string | number)[]) => string;

/** A run as it is told of. */
export interface ToldRun {
  id: string;
  phase: RunPhase;
  state: RunState;
}

const SHOWN_FINDINGS = 8;
const SHOWN_LINES = 15;

/** Where a run stands, in Markdown. */
export function statusText({ id, phase, state }: ToldRun, t: Translate): string {
  const lines = [
    t('**{0}**: {1}', plain(state.goal), phaseText(phase, t)),
    '',
    t('Run {0}, {1}, {2}', code(id), state.arch, plain(state.modelLabel)),
    '',
    `- ${taskCounts(state, t)}`,
    `- ${costText(state, t)}`,
  ];
  if (state.sandbox === 'off') lines.push(`- ${t('**The sandbox is off.**')}`);
  if (state.statusMessage !== '') lines.push('', `> ${plain(state.statusMessage)}`);
  const busy = [...state.agents.values()].filter(({ task }) => task !== null);
  if (phase === 'running' && busy.length > 0) {
    lines.push('', t('**At work**'));
    for (const { id: agent, task, activity } of busy)
      lines.push(`- ${code(agent)} ${code(task ?? '')} ${plain(activity)}`);
  }
  const open = [...state.questions.values()].filter(({ answer }) => answer === null);
  if (open.length > 0) {
    lines.push('', t('**Waits for your answer**'));
    for (const { agent, question } of open) lines.push(`- ${code(agent)}: ${plain(question)}`);
  }
  const stuck = stuckTasks(state);
  if (stuck.length > 0) {
    lines.push('', t('**Trouble**'));
    for (const { spec, state: taskState, reason } of stuck)
      lines.push(`- ${code(spec.id)} ${taskState}${reason === '' ? '' : `: ${plain(reason)}`}`);
  }
  return lines.join('\n');
}

/** Why a run, or one task of it, is where it is, with the evidence. */
export function explainText({ phase, state }: ToldRun, task: TaskView | undefined, t: Translate): string {
  if (task) return taskText(task, state, t);
  const parts: string[] = [];
  if (state.statusMessage !== '')
    parts.push(t('The run is {0}: {1}', phaseText(phase, t), plain(state.statusMessage)));
  const troubled = troubles(state);
  const causes = troubled.filter(({ state: taskState }) => taskState === 'failed');
  parts.push(...(causes.length > 0 ? causes : troubled).map((one) => taskText(one, state, t)));
  const waiting = troubled.filter(({ state: taskState }) => taskState === 'blocked');
  if (causes.length > 0 && waiting.length > 0)
    parts.push(t('Blocked by that: {0}', waiting.map(({ spec }) => code(spec.id)).join(', ')));
  const failed = state.evidence.findLast(({ passed }) => !passed);
  if (failed && phase !== 'done') parts.push(evidenceText(failed, t));
  if (parts.length === 0) parts.push(t('Nothing is wrong: the run is {0}.', phaseText(phase, t)));
  return parts.join('\n\n');
}

/** Tasks that failed or wait in vain; while there are none, those whose last attempt was not good enough. */
export function troubles(state: RunState): TaskView[] {
  const stuck = stuckTasks(state);
  if (stuck.length > 0) return stuck;
  return [...state.tasks.values()].filter((task) => task.state !== 'merged' && task.attempts.length > 1);
}

function stuckTasks(state: RunState): TaskView[] {
  return [...state.tasks.values()].filter((task) => task.state === 'failed' || task.state === 'blocked');
}

/** The task that a sentence names, if it does. */
export function taskIn(words: string, state: RunState): TaskView | undefined {
  const named = words.split(/[\s"'`,;:?!()]+/).map((word) => word.replace(/\.$/, ''));
  return named.map((word) => state.tasks.get(word)).find((task) => task !== undefined);
}

function taskText(
  { spec, state: taskState, reason, attempts, evidence, reviews }: TaskView,
  state: RunState,
  t: Translate,
) {
  const lines = [`**${code(spec.id)}** ${plain(spec.title)}: ${taskState}`];
  if (reason !== '') lines.push('', plain(reason));
  const missing = spec.dependsOn.filter((id) => state.tasks.get(id)?.state !== 'merged');
  if (taskState === 'blocked' && missing.length > 0)
    lines.push('', t('It waits for {0}.', missing.map(code).join(', ')));
  if (attempts.length > 0) lines.push('');
  for (const { number, agent, outcome, message } of attempts) {
    const end = outcome === null ? t('at work') : outcome.replaceAll('_', ' ');
    lines.push(
      `- ${t('Attempt {0} by {1}: {2}', number, code(agent), end)}${message === '' ? '' : `, ${plain(message)}`}`,
    );
  }
  const failed = evidence.findLast(({ passed }) => !passed);
  if (failed && taskState !== 'merged') lines.push('', evidenceText(failed, t));
  const asked = reviews.at(-1);
  if (asked?.review.verdict === 'request_changes' && taskState !== 'merged') {
    const { summary, comments } = asked.review;
    lines.push('', t('{0} asks for changes: {1}', code(asked.agent), plain(summary)));
    for (const { file, line, message } of comments.slice(0, SHOWN_FINDINGS))
      lines.push(`- ${code(line === undefined ? file : `${file}:${line}`)} ${plain(message)}`);
  }
  return lines.join('\n');
}

/** What a validator did and saw. */
export function evidenceText(
  { kind, summary, command, exitCode, findings, tests, tail }: Evidence,
  t: Translate,
): string {
  const lines = [`**${t('Evidence')}** (${kind}): ${plain(summary)}`];
  if (command) {
    const exit = exitCode === undefined || exitCode === null ? '' : `, ${t('exit code {0}', exitCode)}`;
    lines.push('', `${code(command.join(' '))}${exit}`);
  }
  for (const { severity, message, file, line } of findings.slice(0, SHOWN_FINDINGS)) {
    const place = file === undefined ? '' : `${code(line === undefined ? file : `${file}:${line}`)} `;
    lines.push(`- ${severity}: ${place}${plain(message)}`);
  }
  for (const { name, missing } of tests.filter(({ passed }) => !passed).slice(0, SHOWN_FINDINGS))
    lines.push(
      `- ${t('test {0} failed', code(name))}${missing.length > 0 ? `, ${t('not seen: {0}', missing.map(code).join(', '))}` : ''}`,
    );
  if (tail !== undefined && tail.trim() !== '') lines.push('', fenced(lastLines(tail, SHOWN_LINES)));
  return lines.join('\n');
}

function phaseText(phase: RunPhase, t: Translate): string {
  switch (phase) {
    case 'running':
      return t('running');
    case 'paused':
      return t('paused');
    case 'interrupted':
      return t('interrupted, its engine is gone');
    case 'done':
      return t('done');
    case 'failed':
      return t('failed');
    case 'cancelled':
      return t('cancelled');
  }
}

function taskCounts(state: RunState, t: Translate): string {
  const all = [...state.tasks.values()];
  if (all.length === 0) return t('nothing is planned yet');
  const counts = TASK_STATES.map((name) => [all.filter((task) => task.state === name).length, name] as const);
  const parts = counts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return t('{0} tasks: {1}', all.length, parts.join(', '));
}

function costText({ modelLabel, spentUsd, maxCostUsd, unpricedCalls }: RunState, t: Translate): string {
  if (modelLabel.startsWith('playbook') && spentUsd === 0) return t('no cost: a playbook, no model');
  const spent = t('{0} of {1} spent', `$${spentUsd.toFixed(2)}`, `$${maxCostUsd.toFixed(2)}`);
  return unpricedCalls === 0 ? spent : t('{0}; calls of unknown price: {1}', spent, unpricedCalls);
}
