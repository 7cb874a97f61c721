import { linkSync, mkdirSync, readFileSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, hasCode, UserError } from '../../protocol/errors.ts';
import { runCommand, type Finished } from './command.ts';
import type { EnvironmentPlace, PythonMachine } from './environment.ts';

/** What the packages take at least; PyTorch with its libraries for NVIDIA GPUs, on Linux x86-64, takes up to 5 GB. */
const NEEDED_BYTES = 1.5e9;
const OLDEST: readonly [major: number, minor: number] = [3, 11];
const USE_ANOTHER = 'AUTON_SLM_PYTHON can name a Python that has the packages of SLM/requirements.txt.';

export interface InstallOptions {
  signal?: AbortSignal | undefined;
  /** One line a time, for a person. */
  say?: ((line: string) => void) | undefined;
}

/** Makes the environment. What is cut off leaves none, and two processes do not make it at once. */
export async function install(
  machine: PythonMachine,
  place: EnvironmentPlace,
  { signal, say }: InstallOptions,
): Promise<void> {
  makeCache(machine.cache);
  const release = await takeLock(`${place.home}.lock`, { signal, say });
  try {
    if (isWhole(place)) return; // made by the process that was waited for
    const base = await basePython(machine, signal);
    requireSpace(machine.cache);
    say?.(
      'Installing PyTorch and what else the SLM pipeline needs, once: 1 GB, on Linux x86-64 with its GPU libraries up to ' +
        '5 GB. PIP_INDEX_URL names another package index.',
    );
    rmSync(place.home, { recursive: true, force: true });
    const run = (argv: string[]) => runCommand(argv, { env: machine.env, signal, onLine: say });
    refuse(await run([...base, '-m', 'venv', place.home]), venvProblem);
    const pip = [
      '-m',
      'pip',
      'install',
      '--disable-pip-version-check',
      '--no-input',
      '--progress-bar',
      'off',
    ];
    refuse(await run([place.program, ...pip, '-r', place.requirements]), pipProblem);
    writeFileSync(place.mark, '');
  } catch (error) {
    rmSync(place.home, { recursive: true, force: true });
    throw error;
  } finally {
    release();
  }
}

export function isWhole({ mark }: EnvironmentPlace): boolean {
  try {
    readFileSync(mark);
    return true;
  } catch {
    return false;
  }
}

/** The first Python of this machine that is new enough. */
async function basePython({ env, platform }: PythonMachine, signal?: AbortSignal): Promise<string[]> {
  const names =
    platform === 'win32'
      ? [['py', '-3'], ['python']]
      : [['python3'], ['python3.13'], ['python3.12'], ['python3.11']];
  let found: string | undefined;
  for (const argv of names) {
    const code = 'import sys; print(sys.version.split()[0])';
    const { status, output } = await runCommand([...argv, '-c', code], { env, signal }).catch(missing);
    const version = /^(\d+)\.(\d+)\S*$/m.exec(output);
    if (status !== 0 || version === null) continue;
    const [major, minor] = [Number(version[1]), Number(version[2])];
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return argv;
    found ??= `${argv.join(' ')} is ${version[0]}`;
  }
  const needed = `${OLDEST.join('.')} or newer`;
  const remedy = `Install Python ${needed} (on Debian: apt install python3 python3-venv). ${USE_ANOTHER}`;
  if (found === undefined) throw new UserError('The SLM pipeline needs Python, and there is none.', remedy);
  throw new UserError(`The SLM pipeline needs Python ${needed}; ${found}.`, remedy);
}

function missing(error: unknown): Finished {
  if (hasCode(error, 'ENOENT') || hasCode(error, 'EACCES')) return { status: 127, output: '' };
  throw error;
}

function refuse({ status, output }: Finished, problem: (output: string) => UserError): void {
  if (status === 0) return;
  if (/No space left on device|Errno 28|Disk quota exceeded/i.test(output)) throw diskFull();
  throw problem(output);
}

function venvProblem(output: string): UserError {
  if (/ensurepip|python3(\.\d+)?-venv/.test(output)) {
    return new UserError(
      'The SLM pipeline needs a virtual environment, and this Python cannot make one.',
      'Install its module venv (on Debian: apt install python3-venv).',
    );
  }
  return new UserError(`Python could not make a virtual environment: ${lastLine(output)}.`, USE_ANOTHER);
}

function pipProblem(output: string): UserError {
  const reason = output
    .split('\n')
    .findLast((line) => line.startsWith('ERROR:'))
    ?.slice('ERROR:'.length)
    .trim();
  // pip says "no matching version" also when it reached no index at all; why, it has said before.
  const network =
    /(Connection refused|Temporary failure in name resolution|Name or service not known|timed out|SSLError|ProxyError|Tunnel connection failed[^'")]*|\b(?:401|403|407) [A-Z][A-Za-z ]+)/.exec(
      output,
    );
  // Of an index that refuses it says no more than of one that has nothing.
  const none = /from versions: none/.test(output) ? ', or the package index refuses it' : '';
  const why = network
    ? `the package index does not answer (${network[1]})`
    : `${(reason ?? lastLine(output)).replace(/\.$/, '')}${none}`;
  return new UserError(
    `The packages of the SLM pipeline could not be installed: ${why}.`,
    `Check the network, or name a package index that you can reach with PIP_INDEX_URL. ${USE_ANOTHER}`,
  );
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)?.trim() || 'it ended without a word';

function makeCache(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new UserError(
      `${folder} cannot be made: ${errorMessage(cause)}.`,
      `Make it writable. ${USE_ANOTHER}`,
      { cause },
    );
  }
}

function requireSpace(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < NEEDED_BYTES) throw diskFull();
}

function diskFull(): UserError {
  return new UserError(
    'The disk has no room for the packages of the SLM pipeline.',
    `Free 1.5 GB, or 6 GB where PyTorch brings its GPU libraries. XDG_CACHE_HOME names another place. ${USE_ANOTHER}`,
  );
}

/** Waits until no other process installs. A lock whose process is gone is taken over. */
async function takeLock(file: string, { signal, say }: InstallOptions): Promise<() => void> {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    for (let waited = false; ; waited = true) {
      try {
        linkSync(own, file);
        return () => rmSync(file, { force: true });
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      if (!waited) say?.('Another AUTON installs the packages of the SLM pipeline; waiting for it.');
      if (!holderLives(file)) rmSync(file, { force: true });
      else await sleep(1000, undefined, { signal });
    }
  } finally {
    unlinkSync(own);
  }
}

function holderLives(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
