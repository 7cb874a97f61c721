import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { EXIT, UserError } from '../../protocol/errors.ts';
import type { TaskView } from '../../protocol/run-state.ts';
import { readRun } from '../../run/runs.ts';
import type { Cli } from '../cli.ts';
import { positive, workspaceOf } from '../options.ts';

export function diffCommand(cli: Cli): Command {
  return new Command('diff')
    .description('what a task changed: its merge, else its last attempt, else its worktree as it is now')
    .argument('<task>')
    .option('--run <run>', 'of which run [the newest]')
    .option('--attempt <number>', 'of which attempt', positive('attempts'))
    .addOption(new Option('--stat', 'only which files, and how much'))
    .action(
      async (id: string, options: { run?: string; attempt?: number; stat?: boolean }, command: Command) => {
        const { state } = await readRun(workspaceOf(cli, command), options.run);
        const task = state.tasks.get(id);
        if (!task) {
          throw new UserError(`There is no task ${id} in ${state.run}.`, `See \`${cli.self} tasks\`.`, {
            exitCode: EXIT.usage,
          });
        }
        const { cwd, range } = changeOf(task, state.workspace, options.attempt);
        const args = ['diff', ...(options.stat ? ['--stat'] : []), ...range];
        // git's own pager and colours, on the user's own terminal.
        const git = spawn('git', args, { cwd, stdio: 'inherit' });
        const [code] = (await once(git, 'close')) as [number | null];
        cli.exitCode = code === 0 ? EXIT.done : EXIT.failed;
      },
    );
}

/** Where to ask git for a task's change, and between what. */
function changeOf(
  task: TaskView,
  workspace: string,
  number: number | undefined,
): { cwd: string; range: string[] } {
  if (number === undefined && task.mergedAs !== null) {
    return { cwd: workspace, range: [`${task.mergedAs}^1`, task.mergedAs] };
  }
  const attempt =
    number === undefined
      ? task.attempts.at(-1)
      : task.attempts.find((candidate) => candidate.number === number);
  if (!attempt) {
    throw new UserError(
      number === undefined
        ? `Nobody has worked on ${task.spec.id} yet.`
        : `${task.spec.id} has no attempt ${number}.`,
      `It is ${task.state} and has had ${task.attempts.length} attempts.`,
    );
  }
  if (attempt.head !== null) return { cwd: workspace, range: [attempt.base, attempt.head] };
  if (attempt.endedAt === null && existsSync(attempt.worktree))
    return { cwd: attempt.worktree, range: [attempt.base] };
  throw new UserError(
    `Attempt ${attempt.number} of ${task.spec.id} left no change.`,
    attempt.message || 'See `auton logs` for what happened in it.',
  );
}
