import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { errorMessage, EXIT, UserError } from '../protocol/errors.ts';
import type { Cli } from './cli.ts';
import { styleFor, symbolsFor } from './terminal/style.ts';
import { printable } from '../protocol/printable.ts';

/** Prints what went wrong, once, and returns the process's exit code. Everything a user sees fail comes through here. */
export function reportError(error: unknown, cli: Cli): number {
  // commander has printed its message and usage already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const style = styleFor(cli.stderr, cli.env);
  const { arrow } = symbolsFor(cli.env);
  const say = (text: string) => cli.stderr.write(`${text}\n`);
  const reason = systemReason(error);
  if (reason !== null) error = reason;
  if (error instanceof UserError) {
    // What lies below the command line calls it "auton"; the user must be able to type what is advised.
    const callable = (text: string) => printable(text).replaceAll('`auton ', () => `\`${cli.self} `);
    say(`${style.red('error:')} ${callable(error.message)}`);
    say(`${style.dim(arrow)} ${callable(error.remedy)}`);
    return error.exitCode;
  }
  say(`${style.red('AUTON has a defect:')} ${printable(errorMessage(error))}`);
  say(`${style.dim(arrow)} Please report it with the stack in ${logStack(error, cli)}.`);
  return EXIT.failed;
}

const DISK_TROUBLES: Record<string, [what: string, remedy: string]> = {
  EROFS: ['the file system is read-only', 'Work in another folder; --workspace names one.'],
  EACCES: [
    'permission is denied',
    'Make it accessible to you, or work in another folder; --workspace names one.',
  ],
  EPERM: [
    'it is not permitted',
    'Make it accessible to you, or work in another folder; --workspace names one.',
  ],
  ENOSPC: ['the disk is full', 'Free some space, then try again; a run goes on with `auton resume`.'],
  EDQUOT: [
    'your disk quota is used up',
    'Free some space, then try again; a run goes on with `auton resume`.',
  ],
  EMFILE: ['too many files are open', 'Raise the limit (ulimit -n), then try again.'],
};

/** Troubles of the machine, not of AUTON, wherever they turn up. */
function systemReason(error: unknown): UserError | null {
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return null;
  // Node's recursive mkdir says ENOENT of a folder that exists on a read-only file system.
  const code =
    error.code === 'ENOENT' && 'syscall' in error && error.syscall === 'mkdir' ? 'EROFS' : error.code;
  const trouble = DISK_TROUBLES[String(code)];
  return trouble ? new UserError(`${String(error.path)} cannot be used: ${trouble[0]}.`, trouble[1]) : null;
}

function logStack(error: unknown, cli: Cli): string {
  const own = join(cli.cwd, '.auton');
  const file = join(existsSync(own) ? own : tmpdir(), 'auton-errors.log');
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    appendFileSync(file, `${new Date().toISOString()} ${process.argv.slice(2).join(' ')}\n${stack}\n\n`, {
      mode: 0o600,
    });
    return file;
  } catch {
    return `this message:\n${stack}`; // a full disk must not hide what happened
  }
}
