import { cliOf } from './cli.ts';
import { reportError } from './errors.ts';
import { createProgram } from './program.ts';

const cli = cliOf(process);

// `auton logs | head` closes the pipe: nobody is left to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(cli.exitCode);
  throw error;
});

try {
  await createProgram(cli).parseAsync(process.argv);
} catch (error) {
  cli.exitCode = reportError(error, cli);
}
process.exitCode = cli.exitCode;
