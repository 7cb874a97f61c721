import { l10n } from 'vscode';
import { isPlaybook, type RunState } from '../../protocol/run-state.ts';
import { addUsage, NO_USAGE, totalTokens, type Usage } from '../../protocol/usage.ts';

/** What was spent on something. Calls of unknown price are not in `spentUsd`. */
interface Spent {
  name: string;
  calls: number;
  usage: Usage;
  spentUsd: number;
  unpricedCalls: number;
}

/** What a run spent, as Markdown: against its budget, then by agent, role, model and task. */
export function costsMarkdown(state: RunState): string {
  const agents = [...state.agents.values()];
  const part = (title: string, name: string, rows: Spent[]) => section(state, title, name, rows);
  return [
    `# ${l10n.t('Costs')}`,
    escape(state.goal),
    table(['', ''], facts(state)),
    ...part(
      l10n.t('By agent'),
      l10n.t('Agent'),
      agents.map((agent) => ({ ...agent, name: agent.id })),
    ),
    ...part(
      l10n.t('By role'),
      l10n.t('Role'),
      grouped(agents, ({ role }) => role.replaceAll('_', ' ')),
    ),
    ...part(
      l10n.t('By model'),
      l10n.t('Model'),
      grouped(agents, ({ model }) => model),
    ),
    ...part(l10n.t('By task'), l10n.t('Task'), byTask(state)),
  ].join('\n\n');
}

function facts(state: RunState): string[][] {
  const { spentUsd, maxCostUsd, unpricedCalls, usage, modelLabel } = state;
  const calls = sum([...state.agents.values()], ({ calls }) => calls);
  const reserved = sum([...state.sessions.values()], ({ reservedUsd }) => reservedUsd);
  const free = isPlaybook(state) && spentUsd === 0;
  const share = maxCostUsd > 0 ? ` (${Math.round((spentUsd / maxCostUsd) * 100)} %)` : '';
  const spent = free
    ? l10n.t('nothing: the answers are recorded, no model is asked')
    : l10n.t('{0} of {1}', dollars(spentUsd), dollars(maxCostUsd)) + share;
  const rows = [
    [l10n.t('Spent'), `**${spent}**`],
    [l10n.t('Model'), escape(modelLabel)],
    [l10n.t('Calls'), String(calls)],
  ];
  if (unpricedCalls > 0) {
    const text = l10n.t('{0} of {1} calls: the true cost is higher than what is shown', unpricedCalls, calls);
    rows.push([l10n.t('Price not known'), text]);
  }
  if (reserved > 0) rows.push([l10n.t('Set aside for calls under way'), dollars(reserved)]);
  rows.push([
    l10n.t('Tokens'),
    totalTokens(usage) === 0
      ? l10n.t('none')
      : l10n.t(
          '{0} in, {1} read from the cache, {2} written to it, {3} out',
          count(usage.inputTokens),
          count(usage.cacheReadTokens),
          count(usage.cacheWriteTokens),
          count(usage.outputTokens),
        ),
  ]);
  return rows;
}

function section(state: RunState, title: string, name: string, rows: Spent[]): string[] {
  const used = rows.filter(({ calls }) => calls > 0);
  if (used.length === 0) return [];
  used.sort((a, b) => b.spentUsd - a.spentUsd || b.calls - a.calls);
  const head = [
    name,
    l10n.t('Calls'),
    l10n.t('Tokens in'),
    l10n.t('From cache'),
    l10n.t('To cache'),
    l10n.t('Tokens out'),
    l10n.t('Cost'),
  ];
  const cells = used.map((row) => [
    escape(row.name),
    String(row.calls),
    count(row.usage.inputTokens),
    count(row.usage.cacheReadTokens),
    count(row.usage.cacheWriteTokens),
    count(row.usage.outputTokens),
    cost(row, isPlaybook(state)),
  ]);
  return [`## ${title}`, table(head, cells, 1)];
}

/** Never 0 for what is not known. */
function cost({ spentUsd, calls, unpricedCalls }: Spent, playbook: boolean): string {
  if (unpricedCalls > 0) {
    const unknown = l10n.t('unknown ({0} of {1} calls)', unpricedCalls, calls);
    return spentUsd > 0 ? `${dollars(spentUsd)} + ${unknown}` : unknown;
  }
  return playbook && spentUsd === 0 ? l10n.t('none') : dollars(spentUsd);
}

function grouped<T extends Omit<Spent, 'name'>>(items: readonly T[], nameOf: (item: T) => string): Spent[] {
  const groups = new Map<string, Spent>();
  for (const item of items) {
    const name = nameOf(item);
    groups.set(name, plus(groups.get(name) ?? nothing(name), item, 1));
  }
  return [...groups.values()];
}

function byTask(state: RunState): Spent[] {
  const calls = new Map<string, number>();
  for (const { task, turns } of state.sessions.values()) calls.set(task, (calls.get(task) ?? 0) + turns);
  const tasks = [...state.tasks.values()].map(({ spec, spentUsd, usage, unpricedCalls }): Spent => ({
    name: spec.id,
    calls: calls.get(spec.id) ?? 0,
    usage,
    spentUsd,
    unpricedCalls,
  }));
  // Whatever was spent on no task: the plan.
  let rest = plus(
    nothing(l10n.t('(the run as a whole)')),
    { ...state, calls: sum([...calls.values()], Number) },
    1,
  );
  for (const task of tasks) rest = plus(rest, task, -1);
  return [...tasks, rest];
}

const nothing = (name: string): Spent => ({ name, calls: 0, usage: NO_USAGE, spentUsd: 0, unpricedCalls: 0 });

function plus(to: Spent, item: Omit<Spent, 'name'>, sign: 1 | -1): Spent {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = item.usage;
  const usage = {
    inputTokens: sign * inputTokens,
    outputTokens: sign * outputTokens,
    cacheReadTokens: sign * cacheReadTokens,
    cacheWriteTokens: sign * cacheWriteTokens,
  };
  return {
    name: to.name,
    calls: to.calls + sign * item.calls,
    usage: addUsage(to.usage, usage),
    spentUsd: to.spentUsd + sign * item.spentUsd,
    unpricedCalls: to.unpricedCalls + sign * item.unpricedCalls,
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Columns from `numbers` on are set to the right. */
function table(head: string[], rows: string[][], numbers = head.length): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index < numbers ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Agents and users wrote it: it must not become markup, nor break the table. */
function escape(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.replace(/[\\`*_{}[\]()<>#!|~&$]|^[-+]/g, '\\$&');
}

const count = (value: number) => value.toLocaleString('en').replaceAll(',', ' ');

function dollars(usd: number): string {
  // Sums of many small numbers may end beside 0.
  if (usd < 1e-9) return '$0.00';
  return usd < 0.005 ? '<$0.01' : `$${usd.toFixed(2)}`;
}
