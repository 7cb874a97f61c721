import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { COMMANDS, HIDDEN_COMMANDS } from './commands/index.ts';
import { VERSION } from './version.ts';

/** The whole command line. Parsing rejects with a CommanderError, commands with whatever they meet. */
export function createProgram(cli: Cli): Command {
  const program = new Command('auton')
    .description(
      'Teams of LLM agents build an operating-system kernel; builds, boots and tests are the judge.',
    )
    .version(VERSION)
    .option('-C, --workspace <folder>', 'the folder to work in [the nearest with runs, or this one]')
    .showHelpAfterError('Run it with --help to see what it takes.')
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      getOutHelpWidth: () => cli.stdout.columns || 100,
      getErrHelpWidth: () => cli.stderr.columns || 100,
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `\nStart with:  ${cli.self} run "Build a bootable kernel with SLM rule engine that detects hardware via PCI scan"`,
    );
  for (const { heading, commands } of COMMANDS) {
    program.commandsGroup(heading);
    for (const create of commands) program.addCommand(inherit(create(cli), program));
  }
  for (const create of HIDDEN_COMMANDS) program.addCommand(inherit(create(cli), program), { hidden: true });
  const help = new Command('help').argument('[command]').description('say what a command takes');
  program.addHelpCommand(help.helpGroup('Set up:'));
  return throwInsteadOfExit(program);
}

/** A command that was made on its own has commander's defaults, not the program's settings. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent).helpCommand(false);
  for (const child of command.commands) inherit(child, command);
  return command;
}

function throwInsteadOfExit(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
  return command;
}
