import { Command } from 'commander';
import type { RunState } from '../../protocol/run-state.ts';
import { TASK_STATES } from '../../protocol/task.ts';
import { lockHolder } from '../../run/lock.ts';
import { readRun } from '../../run/runs.ts';
import { stateFolder } from '../../run/state-folder.ts';
import { columnsOf, printJson, type Cli } from '../cli.ts';
import { costText } from '../live/cost.ts';
import { troubleLines, workedMs } from '../live/summary.ts';
import { STATUS_COLOURS, TASK_MARKS } from '../live/task-marks.ts';
import { jsonOption, workspaceOf } from '../options.ts';
import { oneLine } from '../../protocol/printable.ts';
import { table, wrap } from '../terminal/text.ts';
import { dayAndTime, duration } from '../../protocol/units.ts';

export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .description('where a run stands, what it cost, what it waits for')
    .argument('[run]', 'which one [the newest]')
    .addOption(jsonOption('print the whole state'))
    .action(async (run: string | undefined, { json }: { json?: boolean }, command: Command) => {
      const folder = workspaceOf(cli, command);
      const { state, events } = await readRun(folder, run);
      const engine = state.status === 'running' ? lockHolder(stateFolder(folder)) : null;
      if (json) return printJson(cli, { ...state, engine });
      cli.print(...renderStatus(cli, state, { workedMs: workedMs(events), engine }));
    });
}

/** `engine` is the process that works on it, null when none does. */
export function renderStatus(
  cli: Pick<Cli, 'style' | 'symbols' | 'self'> & Pick<Cli, 'stdout'>,
  state: RunState,
  { workedMs: worked, engine }: { workedMs: number; engine: number | null },
): string[] {
  const { style, self } = cli;
  const columns = columnsOf(cli as Cli);
  const interrupted = state.status === 'running' && engine === null;
  const status = interrupted ? 'interrupted' : state.status;
  const colour = style[interrupted ? 'yellow' : STATUS_COLOURS[state.status]];
  const rows = [
    [
      style.dim('run'),
      `${state.run}  ${style.bold(colour(status))}${engine === null ? '' : ` in process ${engine}`}`,
    ],
    [style.dim('goal'), wrap(oneLine(state.goal), columns - 12).join(`\n${' '.repeat(10)}`)],
    [style.dim('model'), `${state.modelLabel}, ${state.arch}, ${state.mode}`],
    [style.dim('sandbox'), state.sandbox === 'off' ? style.alarm(' OFF ') : state.sandbox],
    [style.dim('time'), `${duration(worked)}, started ${dayAndTime(state.startedAt)}`],
    [style.dim('cost'), costText(state)],
    [style.dim('tasks'), taskCounts(cli, state)],
  ];
  const lines = table(rows);
  const troubles = troubleLines(state, columns, style, cli.symbols);
  if (troubles.length > 0) lines.push('', ...troubles);
  else if (state.statusMessage !== '') lines.push('', ...wrap(oneLine(state.statusMessage), columns));
  for (const [id, { agent, question, answer }] of state.questions) {
    if (answer !== null) continue;
    lines.push('', style.yellow(`${agent} asks: ${oneLine(question)}`), `  ${self} answer ${id} "..."`);
  }
  for (const { spec, awaitingUser } of state.tasks.values()) {
    if (!awaitingUser) continue;
    lines.push('', style.yellow(`${spec.id} waits for your approval`));
    lines.push(`  ${self} diff ${spec.id}`, `  ${self} task approve ${spec.id}`);
  }
  if (interrupted) lines.push('', `Its engine is gone. Continue it with \`${self} resume\`.`);
  return lines;
}

function taskCounts({ style, symbols }: Pick<Cli, 'style' | 'symbols'>, state: RunState): string {
  const counts = TASK_STATES.map((name) => ({
    name,
    count: [...state.tasks.values()].filter((task) => task.state === name).length,
  })).filter(({ count }) => count > 0);
  if (counts.length === 0) return 'none yet';
  const parts = counts.map(({ name, count }) => {
    const mark = TASK_MARKS[name];
    return `${style[mark.colour](symbols[mark.symbol])} ${count} ${name}`;
  });
  return parts.join('  ');
}
