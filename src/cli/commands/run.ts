import { resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, UserError } from '../../protocol/errors.ts';
import { ARCHITECTURES, type Architecture, type WorkflowMode } from '../../protocol/roles.ts';
import { given } from '../../protocol/given.ts';
import type { Cli } from '../cli.ts';
import { hostRun } from '../run-host.ts';
import { archOption, configOption, jsonOption, modeOption, workspaceOf } from '../options.ts';

/** What `--arch` takes besides an architecture: each of them, one run after the other. */
const ALL = 'all';

interface Options {
  arch?: Architecture | typeof ALL;
  mode?: WorkflowMode;
  model?: string;
  playbook?: string;
  config?: string;
  json?: boolean;
}

export function runCommand(cli: Cli): Command {
  return new Command('run')
    .description('let agents work on a goal until it is merged, booted and tested')
    .argument('<goal>', 'what is wanted, in your own words')
    .addOption(archOption([ALL]))
    .addOption(modeOption())
    .option('--model <provider/model>', 'model of all roles that have no own [llm.model]')
    .option('--playbook <name>', 'replay a recorded session instead of asking a model')
    .addOption(configOption())
    .addOption(jsonOption('print the events, one JSON object a line'))
    .action(async (goal: string, options: Options, command: Command) => {
      if (goal.trim() === '') {
        throw new UserError('The goal is empty.', 'Say in your own words what is wanted.', {
          exitCode: EXIT.usage,
        });
      }
      if (options.model !== undefined && options.playbook !== undefined) {
        throw new UserError('A run has either a model or a playbook.', 'Leave --model or --playbook out.', {
          exitCode: EXIT.usage,
        });
      }
      const folder = workspaceOf(cli, command);
      const { arch, mode, model, playbook, config, json = false } = options;
      const configFile = config && resolve(folder, config);
      const architectures = arch === ALL ? ARCHITECTURES : [arch];
      for (const one of architectures) {
        const wish = given({ goal: goal.trim(), arch: one, mode, model, playbook, configFile });
        cli.exitCode = await hostRun(cli, folder, { json }, (host) => host.start(wish));
        if (cli.exitCode !== EXIT.done) return; // whoever has to look at this one does not want the next
      }
    });
}
