import { InvalidArgumentError, Option, type Command } from 'commander';
import { ARCHITECTURES, WORKFLOW_MODES } from '../protocol/roles.ts';
import { folderOf, type Cli } from './cli.ts';

/** The folder a command is about: --workspace is an option of the whole program. */
export function workspaceOf(cli: Cli, command: Command): string {
  return folderOf(cli, command.optsWithGlobals<{ workspace?: string }>().workspace);
}

export const archOption = (more: readonly string[] = []) =>
  new Option('--arch <architecture>', 'architecture of the kernel [kernel.arch]').choices([
    ...ARCHITECTURES,
    ...more,
  ]);

export const modeOption = () =>
  new Option('--mode <mode>', 'what is built [workflow.mode]').choices([...WORKFLOW_MODES]);

export const jsonOption = (what: string) => new Option('--json', what);

export const logOption = (what: string) => new Option('--log', what);

export const configOption = () =>
  new Option('--config <file>', 'configuration to use in place of auton.toml');

/** For numbers on the command line; `unit` names them in the message. */
export function positive(unit: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() !== '' && Number.isFinite(number) && number > 0) return number;
    throw new InvalidArgumentError(`It must be a number of ${unit} above 0.`);
  };
}

export function portNumber(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new InvalidArgumentError('It must be a port, a number from 1 to 65535.');
}

export function amount(value: string): number {
  const number = Number(value.replace(/^\$/, ''));
  if (value.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new InvalidArgumentError('It must be an amount in US dollars, such as 25 or 12.50.');
}
