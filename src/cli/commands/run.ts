import { resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, UserError } from '../../protocol/errors.ts';
import type { Architecture, WorkflowMode } from '../../protocol/roles.ts';
import { given } from '../../protocol/given.ts';
import type { Cli } from '../cli.ts';
import { hostRun } from '../run-host.ts';
import { archOption, configOption, jsonOption, modeOption, workspaceOf } from '../options.ts';

interface Options {
  arch?: Architecture;
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
    .addOption(archOption())
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
      const wish = given({ goal: goal.trim(), arch, mode, model, playbook, configFile });
      cli.exitCode = await hostRun(cli, folder, { json }, (host) => host.start(wish));
    });
}
