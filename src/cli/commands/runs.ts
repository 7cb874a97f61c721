import { Command } from 'commander';
import { listRuns, type RunSummary } from '../../run/runs.ts';
import { columnsOf, printJson, type Cli } from '../cli.ts';
import { STATUS_COLOURS } from '../live/task-marks.ts';
import { jsonOption, workspaceOf } from '../options.ts';
import { oneLine } from '../../protocol/printable.ts';
import { cut, table } from '../terminal/text.ts';
import { dayAndTime, dollars } from '../../protocol/units.ts';

export function runsCommand(cli: Cli): Command {
  return new Command('runs')
    .description('all runs of this folder, newest first')
    .addOption(jsonOption('print them as JSON'))
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const folder = workspaceOf(cli, command);
      const runs = (await listRuns(folder)).reverse();
      if (json) return printJson(cli, runs);
      if (runs.length === 0) return cli.print(`There are no runs in ${folder}.`);
      cli.print(...renderRuns(cli, runs, columnsOf(cli)));
    });
}

export function renderRuns(
  { style, symbols }: Pick<Cli, 'style' | 'symbols'>,
  runs: readonly RunSummary[],
  columns: number,
): string[] {
  const head = ['run', 'status', 'started', 'merged', 'cost', 'goal'].map(style.dim);
  const rows = runs.map(({ run, status, startedAt, merged, tasks, spentUsd, goal }) => [
    style.bold(run),
    style[STATUS_COLOURS[status]](status),
    dayAndTime(startedAt),
    `${merged}/${tasks}`,
    spentUsd === 0 ? '-' : dollars(spentUsd),
    cut(oneLine(goal), Math.max(20, columns - 70), symbols.ellipsis),
  ]);
  return table([head, ...rows]);
}
