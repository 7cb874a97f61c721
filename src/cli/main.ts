import { cliOf } from './cli.ts';
import { reportError } from './errors.ts';
import { createProgram } from './program.ts';

const cli = cliOf(process);

// `auton logs | head` closes the pipe, and a window that is closed takes the terminal away: nobody is left to write for.
// A run that lives in this process pauses tidily then.
let gone = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (gone) return;
    gone = true;
    if (!process.emit('SIGHUP', 'SIGHUP')) process.exit(cli.exitCode);
  });
}

try {
  await createProgram(cli).parseAsync(process.argv);
} catch (error) {
  cli.exitCode = reportError(error, cli);
}
process.exitCode = cli.exitCode;
