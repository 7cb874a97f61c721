import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { hostRun } from '../run-host.ts';
import { jsonOption, workspaceOf } from '../options.ts';

/** `continue` is the same command: whether an engine still holds the run is not the user's concern. */
export function resumeCommand(cli: Cli): Command {
  return new Command('resume')
    .alias('continue')
    .description('continue a run where its log ends: after a pause, a crash or a reached budget')
    .argument('[run]', 'which one [the newest unfinished]')
    .addOption(jsonOption('print the events, one JSON object a line'))
    .action(async (run: string | undefined, { json = false }: { json?: boolean }, command: Command) => {
      const folder = workspaceOf(cli, command);
      cli.exitCode = await hostRun(cli, folder, { json }, (host) => host.resume(run));
    });
}
