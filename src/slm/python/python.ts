import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode, UserError } from '../../protocol/errors.ts';
import { runCommand } from './command.ts';
import { environmentPlace, thisMachine, type Python, type PythonMachine } from './environment.ts';
import { install, isWhole, type InstallOptions } from './install.ts';

/** What the pipeline imports. */
const MODULES = [
  'torch',
  'numpy',
  'sentencepiece',
  'yaml',
  'onnx',
  'onnxruntime',
  'matplotlib',
  'tensorboard',
];

/**
 * The Python of the SLM pipeline: the one that AUTON_SLM_PYTHON names, else an environment of its own, installed when it
 * is first asked for. A UserError says why there is none.
 */
export async function requirePython(
  options: InstallOptions & { machine?: PythonMachine } = {},
): Promise<Python> {
  const { machine = thisMachine(), ...installing } = options;
  const ready = await findPython(machine, options.signal);
  if (ready !== null) return ready;
  const place = environmentPlace(machine);
  await install(machine, place, installing);
  return pythonAt(place.program, [place.home], machine);
}

/** The same, but null where it would have to be installed first. */
export async function findPython(
  machine: PythonMachine = thisMachine(),
  signal?: AbortSignal,
): Promise<Python | null> {
  const given = machine.env['AUTON_SLM_PYTHON'];
  if (given) {
    const home = await examine(given, machine, signal);
    return pythonAt(given, [...new Set([...home, dirname(dirname(given))])], machine);
  }
  const place = environmentPlace(machine);
  return isWhole(place) && existsSync(place.program) ? pythonAt(place.program, [place.home], machine) : null;
}

function pythonAt(program: string, folders: string[], machine: PythonMachine): Python {
  // A virtual environment's interpreter is a link to the one that made it, whose library it uses.
  const base = dirname(dirname(realpathSync(program)));
  const readable = [...new Set([...folders, base, machine.package])].filter((folder) => folder !== '/usr');
  return { program, readable, package: machine.package };
}

/** Makes sure that a Python of the user's has what is needed; its own folders. */
async function examine(program: string, { env }: PythonMachine, signal?: AbortSignal): Promise<string[]> {
  const code = [
    'import importlib.util as u, sys',
    `print("missing", *[m for m in "${MODULES.join(' ')}".split() if u.find_spec(m) is None])`,
    'print("home", sys.prefix)',
  ].join('\n');
  const remedy = `Let AUTON_SLM_PYTHON name a Python that has the packages of SLM/requirements.txt, or unset it.`;
  const problem = (what: string) => new UserError(`AUTON_SLM_PYTHON (${program}) ${what}.`, remedy);
  const { status, output } = await runCommand([program, '-c', code], { env, signal }).catch(
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) throw problem('does not exist');
      if (hasCode(error, 'EACCES')) throw problem('cannot be executed');
      throw error;
    },
  );
  if (status !== 0)
    throw problem(`does not run: ${output.trim().split('\n').at(-1) || `it ended with ${status}`}`);
  const missing = /^missing (.+)$/m.exec(output)?.[1];
  if (missing) throw problem(`has no ${missing.replaceAll(' ', ', ')}`);
  return [/^home (.+)$/m.exec(output)![1]!];
}
