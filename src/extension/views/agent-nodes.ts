import { l10n } from 'vscode';
import { oneLine } from '../../protocol/printable.ts';
import type { AgentView, RunState } from '../../protocol/run-state.ts';
import { totalTokens } from '../../protocol/usage.ts';
import { dollars } from '../../protocol/units.ts';
import type { Target } from '../common/target.ts';
import type { RunPhase, RunRecord } from '../runs/run-record.ts';
import { COLOURS, ROLE_MARKS, WAITS_ON_USER } from './marks.ts';
import { code, escape, excerpt, facts, paragraphs } from '../common/markdown.ts';
import { TreeNode, type Row } from './node.ts';

const TEXT_CHARACTERS = 300;

/** One agent of a run. */
export class AgentNode extends TreeNode {
  readonly id: string;
  readonly parent: TreeNode | undefined;
  override readonly target: Target;
  readonly #record: RunRecord;
  readonly #agent: string;

  constructor(folder: string, record: RunRecord, agent: string, parent: TreeNode | undefined) {
    super();
    this.id = `${folder}\n${record.id}\n${agent}`;
    this.parent = parent;
    this.target = { folder, run: record.id, agent };
    this.#record = record;
    this.#agent = agent;
  }

  row(): Row {
    const { state, phase } = this.#record;
    return agentRow(state.agents.get(this.#agent)!, state, phase);
  }

  override tooltip(): string {
    const { state, phase } = this.#record;
    return agentTooltip(state.agents.get(this.#agent)!, state, phase);
  }
}

export function agentRow(agent: AgentView, state: RunState, phase: RunPhase): Row {
  const role = ROLE_MARKS[agent.role];
  const busy = isBusy(agent, phase);
  const asks = busy && questionOf(agent, state) !== undefined;
  const parts = [doing(agent, state, phase), busy && agent.task ? agent.task : '', spend(agent)];
  const shown = parts.filter((part) => part !== '');
  return {
    label: agent.id,
    description: shown.join(' · '),
    icon: asks ? WAITS_ON_USER : { id: role.icon, color: busy ? COLOURS.active : COLOURS.quiet },
    context: ['agent', ...(busy ? ['busy'] : []), ...(asks ? ['asking'] : [])].join(' '),
    spoken: [agent.id, role.word, ...shown].join(', '),
    folding: 'none',
  };
}

/** An agent of a run that nobody works on does nothing, whatever its log says last. */
function isBusy({ session }: AgentView, phase: RunPhase): boolean {
  return session !== null && phase === 'running';
}

function doing(agent: AgentView, state: RunState, phase: RunPhase): string {
  if (!isBusy(agent, phase)) return agent.calls === 0 ? '' : l10n.t('idle');
  if (questionOf(agent, state) !== undefined) return l10n.t('waits for your answer');
  return oneLine(agent.activity);
}

function spend({ spentUsd, calls }: AgentView): string {
  if (spentUsd > 0) return dollars(spentUsd);
  if (calls === 0) return '';
  return calls === 1 ? l10n.t('1 answer') : l10n.t('{0} answers', calls);
}

function questionOf({ id }: AgentView, state: RunState): string | undefined {
  return [...state.questions.values()].find(({ agent, answer }) => agent === id && answer === null)?.question;
}

function agentTooltip(agent: AgentView, state: RunState, phase: RunPhase): string {
  const busy = isBusy(agent, phase);
  const task = agent.task === null ? undefined : state.tasks.get(agent.task);
  const attempt = task?.attempts.findLast(({ session }) => session === agent.session);
  const question = busy ? questionOf(agent, state) : undefined;
  const tokens = totalTokens(agent.usage);
  return paragraphs(
    `**${escape(agent.id)}** · ${escape(ROLE_MARKS[agent.role].word)}`,
    busy && `$(sync) ${excerpt(agent.activity, TEXT_CHARACTERS)}`,
    question !== undefined && `$(question) ${excerpt(question, TEXT_CHARACTERS)}`,
    facts(
      [l10n.t('Model'), escape(agent.model)],
      [
        l10n.t('Task'),
        busy && task ? `${code(task.spec.id)} ${excerpt(task.spec.title, TEXT_CHARACTERS)}` : '',
      ],
      [l10n.t('Branch'), busy && attempt ? code(attempt.branch) : ''],
      [l10n.t('Answers'), agent.calls > 0 && String(agent.calls)],
      [l10n.t('Tokens'), tokens > 0 && tokens.toLocaleString('en')],
      [l10n.t('Spent'), agent.spentUsd > 0 && escape(dollars(agent.spentUsd))],
    ),
  );
}
