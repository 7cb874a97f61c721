import { Command } from 'commander';
import { EXIT } from '../../../protocol/errors.ts';
import { thisMachine } from '../../../slm/python/environment.ts';
import { findPython, requirePython } from '../../../slm/python/python.ts';
import type { Cli } from '../../cli.ts';
import { interruptible } from '../../signals.ts';

export function setupCommand(cli: Cli): Command {
  return new Command('setup')
    .description('install the Python of the pipeline, which the other commands do when they first need it')
    .option('--check', 'only say where it is')
    .action(({ check }: { check?: boolean }) =>
      interruptible(async (signal) => {
        const machine = thisMachine(cli.env);
        const say = (line: string) => void cli.stderr.write(`${line}\n`);
        const python = check
          ? await findPython(machine, signal)
          : await requirePython({ machine, signal, say });
        cli.print(python?.program ?? `It is not installed; it will be below ${machine.cache}.`);
        cli.exitCode = python === null ? EXIT.failed : EXIT.done;
      }),
    );
}
