import { Command } from 'commander';
import { isPlaybook, type AgentView, type RunState } from '../../protocol/run-state.ts';
import { totalTokens } from '../../protocol/usage.ts';
import { readRun } from '../../run/runs.ts';
import { printJson, type Cli } from '../cli.ts';
import { jsonOption, workspaceOf } from '../options.ts';
import { oneLine } from '../../protocol/printable.ts';
import { table } from '../terminal/text.ts';
import { dollars } from '../../protocol/units.ts';

export function agentsCommand(cli: Cli): Command {
  return new Command('agents')
    .description('the agents of a run: model, calls, tokens, cost, what they do')
    .argument('[run]', 'which one [the newest]')
    .addOption(jsonOption('print them with everything that is known of them'))
    .action(async (run: string | undefined, { json }: { json?: boolean }, command: Command) => {
      const { state } = await readRun(workspaceOf(cli, command), run);
      if (json) return printJson(cli, [...state.agents.values()]);
      cli.print(...renderAgents(cli, state));
    });
}

export function renderAgents({ style }: Pick<Cli, 'style'>, state: RunState): string[] {
  const head = ['agent', 'model', 'calls', 'tokens', 'cost', 'task', 'does'].map(style.dim);
  const cost = (agent: AgentView) =>
    isPlaybook(state) && agent.spentUsd === 0 ? 'none' : dollars(agent.spentUsd);
  const rows = [...state.agents.values()].map((agent) => [
    style.bold(agent.id),
    agent.model,
    String(agent.calls),
    String(totalTokens(agent.usage)),
    cost(agent),
    agent.task ?? '',
    agent.session === null ? style.dim('idle') : oneLine(agent.activity),
  ]);
  return table([head, ...rows]);
}
