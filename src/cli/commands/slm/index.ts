import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { chatCommand } from './chat.ts';
import { integrateCommand } from './integrate.ts';
import { setupCommand } from './setup.ts';
import { stageCommands } from './stages.ts';

export function slmCommand(cli: Cli): Command {
  const slm = new Command('slm').description('make a small language model, and put one into a kernel');
  for (const command of [...stageCommands(cli), integrateCommand(cli), chatCommand(cli), setupCommand(cli)])
    slm.addCommand(command);
  return slm;
}
