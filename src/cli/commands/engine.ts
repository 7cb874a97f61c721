import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { runEngine } from '../../engine/process.ts';
import { stopEngine } from '../../engine/spawn.ts';
import type { Cli } from '../cli.ts';
import { positive, workspaceOf } from '../options.ts';

interface Options {
  folder?: string;
  idleSeconds: number;
  stop?: boolean;
}

/** Not in the help: an editor starts it, and commands find it. */
export function engineCommand(cli: Cli): Command {
  return new Command('engine')
    .description('serve the runs of a folder to editors and commands until nobody needs it')
    .option('--folder <folder>', 'the folder to serve [as --workspace]')
    .addOption(
      new Option('--idle-seconds <seconds>', 'ends after this long without a client and a run')
        .argParser(positive('seconds'))
        .env('AUTON_ENGINE_IDLE_SECONDS')
        .default(60),
    )
    .option('--stop', 'end the engine that serves the folder; its run is paused')
    .action(async ({ folder: named, idleSeconds, stop }: Options, command: Command) => {
      const folder = named === undefined ? workspaceOf(cli, command) : resolve(cli.cwd, named);
      if (!stop) return runEngine({ folder, idleMs: idleSeconds * 1000, process });
      const ended = await stopEngine(folder);
      cli.print(ended ? 'The engine has ended.' : 'No engine serves this folder.');
    });
}
