#!/usr/bin/env node
/**
 * Gets the Python that the SLM pipeline runs in: a virtual environment with the versions of SLM/requirements.txt, in
 * .cache/python/. AUTON_SLM_PYTHON names another one that has the packages. With --check it only looks.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { thisMachine } from './setup.mjs';

const MODULES = 'torch numpy sentencepiece yaml onnx onnxruntime matplotlib tensorboard';

/** Where it is once it is installed: its name changes with the requirements. */
export function environment({ folder, platform } = thisMachine) {
  const requirements = join(folder, 'SLM', 'requirements.txt');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = join(folder, '.cache', 'python', hash);
  const binaries = platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
  return { requirements, home, python: join(home, binaries), whole: join(home, '.whole') };
}

/** The interpreter as `{ python }`, installed if it is missing, or `{ problem }`: why there is none. */
export function setUpPython(machine = thisMachine, { check = false } = {}) {
  const given = machine.env.AUTON_SLM_PYTHON;
  if (given) {
    const problem = missingModules(given);
    return problem === null ? { python: given } : { problem: `AUTON_SLM_PYTHON (${given}): ${problem}` };
  }
  const { home, python, whole, requirements } = environment(machine);
  if (existsSync(whole)) return { python };
  if (check) return { problem: 'the Python of the SLM pipeline is not installed (node scripts/python.mjs)' };
  machine.say(
    'Set-up: installing PyTorch and what else SLM/requirements.txt names into .cache/python/. On Linux x86-64 PyTorch brings ' +
      'its libraries for NVIDIA GPUs: up to 5 GB. A package index with the CPU build (PIP_INDEX_URL) makes it 1 GB.',
  );
  // What was cut off is no environment; a whole one has a mark, written last. A virtual environment cannot be moved.
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const base = machine.platform === 'win32' ? 'python' : 'python3';
  const problem =
    run(base, ['-c', 'import sys; sys.exit("it is older than 3.11" if sys.version_info < (3, 11) else 0)']) ??
    run(base, ['-m', 'venv', home]) ??
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]) ??
    missingModules(python);
  if (problem !== null)
    return { problem: `the Python of the SLM pipeline could not be installed: ${problem}` };
  writeFileSync(whole, '');
  return { python };
}

/** How to run the pipeline's command line with it: arguments before the command, and what the environment needs. */
export function pipeline(python, { folder, env } = thisMachine) {
  return {
    command: python,
    args: ['-m', 'auton_slm.cli'],
    env: { ...env, PYTHONPATH: join(folder, 'SLM'), PYTHONDONTWRITEBYTECODE: '1' },
  };
}

function missingModules(python) {
  const code = `import importlib.util as u; print(*[m for m in "${MODULES}".split() if u.find_spec(m) is None])`;
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  if (status !== 0) return lastLine(stderr || error?.message);
  return stdout.trim() ? `it has no ${stdout.trim().replaceAll(' ', ', ')}` : null;
}

function run(command, args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? null : `${command}: ${lastLine(stderr || error?.message)}`;
}

const lastLine = (text = '') => text.trim().split('\n').at(-1);

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { python, problem } = setUpPython(thisMachine, { check: process.argv.includes('--check') });
  if (problem) console.error(problem);
  else console.log(python);
  process.exitCode = problem ? 1 : 0;
}
