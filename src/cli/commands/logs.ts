import { Command } from 'commander';
import { tryConnect } from '../../engine/client.ts';
import { EXIT, UserError } from '../../protocol/errors.ts';
import type { RunEvent } from '../../protocol/events.ts';
import { applyEvent } from '../../protocol/fold.ts';
import { emptyRunState, type RunState } from '../../protocol/run-state.ts';
import { readRun } from '../../run/runs.ts';
import type { Cli } from '../cli.ts';
import { describeEvent, isAtLeast, type Weight } from '../../protocol/describe-event.ts';
import { formatLine } from '../live/event-lines.ts';
import { jsonOption, workspaceOf } from '../options.ts';

interface Options {
  follow?: boolean;
  agent?: string;
  task?: string;
  all?: boolean;
  json?: boolean;
}

export function logsCommand(cli: Cli): Command {
  return new Command('logs')
    .description('what happened in a run, line by line')
    .argument('[run]', 'which one [the newest]')
    .option('-f, --follow', 'go on with what happens now')
    .option('--agent <agent>', 'only what this agent did, with its tool calls')
    .option('--task <task>', 'only what concerns this task, with its tool calls')
    .option('-a, --all', 'every event, tool calls and answers too')
    .addOption(jsonOption('print the events, one JSON object a line'))
    .action(async (run: string | undefined, options: Options, command: Command) => {
      const folder = workspaceOf(cli, command);
      const stored = await readRun(folder, run);
      assertKnown(stored.state, options);
      const state = emptyRunState();
      const print = printer(cli, options);
      const show = (event: RunEvent) => {
        applyEvent(state, event);
        print(event, state);
      };
      const engine = options.follow ? await tryConnect(folder) : null;
      if (!engine || engine.run !== stored.state.run) {
        engine?.dispose();
        stored.events.forEach(show);
        if (options.follow) cli.stderr.write(`${stored.state.run} is not active now.\n`);
        return;
      }
      process.once('SIGINT', () => engine.dispose());
      await engine.subscribe({ onEvent: show });
      await Promise.race([engine.closed, new Promise((resolve) => engine.onRunStopped(resolve))]);
      engine.dispose();
    });
}

function assertKnown(state: RunState, { agent, task }: Options): void {
  const unknown = (what: string, id: string, known: Iterable<string>) =>
    new UserError(
      `There is no ${what} ${id} in ${state.run}.`,
      `There are: ${[...known].join(', ') || 'none'}.`,
      {
        exitCode: EXIT.usage,
      },
    );
  if (agent !== undefined && !state.agents.has(agent)) throw unknown('agent', agent, state.agents.keys());
  if (task !== undefined && task !== 'plan' && !state.tasks.has(task))
    throw unknown('task', task, state.tasks.keys());
}

function printer(cli: Cli, options: Options): (event: RunEvent, state: RunState) => void {
  const least: Weight = options.all || options.agent || options.task ? 'detail' : 'step';
  return (event, state) => {
    if (options.agent !== undefined && agentOf(event) !== options.agent) return;
    if (options.task !== undefined && taskOf(event, state) !== options.task) return;
    if (options.json) return cli.print(JSON.stringify(event));
    const line = describeEvent(event, state);
    if (line && isAtLeast(line.weight, least)) cli.print(formatLine(event.at, line, cli.style, cli.symbols));
  };
}

function agentOf(event: RunEvent): string | undefined {
  return 'agent' in event ? event.agent : undefined;
}

function taskOf(event: RunEvent, state: RunState): string | undefined {
  if ('task' in event) return event.task;
  return 'session' in event ? state.sessions.get(event.session)?.task : undefined;
}
