import { Command } from 'commander';
import type { TaskView } from '../../protocol/run-state.ts';
import { readRun } from '../../run/runs.ts';
import { columnsOf, printJson, type Cli } from '../cli.ts';
import { TASK_MARKS } from '../live/task-marks.ts';
import { jsonOption, workspaceOf } from '../options.ts';
import { oneLine } from '../../protocol/printable.ts';
import { cut, table, widthOf } from '../terminal/text.ts';

export function tasksCommand(cli: Cli): Command {
  return new Command('tasks')
    .description('the tasks of a run: state, attempts, dependencies')
    .argument('[run]', 'which one [the newest]')
    .addOption(jsonOption('print them with everything that is known of them'))
    .action(async (run: string | undefined, { json }: { json?: boolean }, command: Command) => {
      const { state } = await readRun(workspaceOf(cli, command), run);
      const tasks = [...state.tasks.values()];
      if (json) return printJson(cli, tasks);
      if (tasks.length === 0) return cli.print('Nothing is planned yet.');
      cli.print(...renderTasks(cli, tasks, columnsOf(cli)));
    });
}

export function renderTasks(
  { style, symbols }: Pick<Cli, 'style' | 'symbols'>,
  tasks: readonly TaskView[],
  columns: number,
): string[] {
  const head = ['task', 'state', 'attempts', 'by', 'after', 'what'].map(style.dim);
  const rows = tasks.map(({ spec, state, attempts, reason }) => {
    const mark = TASK_MARKS[state];
    return [
      `${style[mark.colour](symbols[mark.symbol])} ${style.bold(spec.id)}`,
      style[mark.colour](state),
      attempts.length === 0 ? '' : String(attempts.length),
      attempts.at(-1)?.agent ?? '',
      cut(spec.dependsOn.join(' '), 28, symbols.ellipsis),
      oneLine(reason && state !== 'merged' ? `${spec.title} (${reason})` : spec.title),
    ];
  });
  const taken = Math.max(...table([head, ...rows].map((row) => [...row.slice(0, -1), '|'])).map(widthOf)) - 1;
  const room = Math.max(24, columns - taken);
  return table([
    head,
    ...rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? '', room, symbols.ellipsis)]),
  ]);
}
