import { Command } from 'commander';
import { tryConnect } from '../../engine/client.ts';
import { resumeRun } from '../../run/start.ts';
import type { Cli } from '../cli.ts';
import { driveRun } from '../drive.ts';
import { given, jsonOption, workspaceOf } from '../options.ts';

/** `continue` is the same command: whether an engine still holds the run is not the user's concern. */
export function resumeCommand(cli: Cli): Command {
  return new Command('resume')
    .alias('continue')
    .description('continue a run where its log ends: after a pause, a crash or a reached budget')
    .argument('[run]', 'which one [the newest unfinished]')
    .addOption(jsonOption('print the events, one JSON object a line'))
    .action(async (run: string | undefined, { json = false }: { json?: boolean }, command: Command) => {
      const folder = workspaceOf(cli, command);
      const engine = run === undefined ? await tryConnect(folder) : null;
      if (engine) {
        await engine.continue().finally(() => engine.dispose());
        cli.print(`${engine.run} goes on in process ${engine.pid}.`);
        return;
      }
      const handle = await resumeRun({ folder, env: cli.env, ...given({ run }) });
      cli.exitCode = await driveRun(cli, handle, { folder, json });
    });
}
