#!/usr/bin/env node
/**
 * Gets llama.cpp, which the kernel's neural engine is compared with: its libraries and headers from the npm package
 * node-llama-cpp, into .cache/llama/. Uses nothing but Node, npm and git. With --check it only looks.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outsideNpm } from './npm-dependencies.mjs';
import { thisMachine } from './setup.mjs';

const VERSION = '3.22.1';
/** The package with the libraries, by system and processor. */
const LIBRARIES = { 'linux-x64': 'linux-x64', 'linux-arm64': 'linux-arm64' };

/** Where things are once they are installed. */
export function llama({ folder } = thisMachine) {
  const home = join(folder, '.cache', 'llama', VERSION);
  const variant = LIBRARIES[`${process.platform}-${process.arch}`];
  return {
    home,
    supported: variant !== undefined,
    /** Folders for `cc -I`. */
    headers: [join(home, 'include'), join(home, 'ggml')],
    /** The folder of its shared libraries, which it also loads its backends from. */
    libraries: join(home, 'node_modules', '@node-llama-cpp', variant ?? '', 'bins', variant ?? ''),
  };
}

/** The shared libraries that a program links. */
export function llamaLibraries(machine = thisMachine) {
  const { libraries } = llama(machine);
  const wanted = /^lib(llama|ggml)\.v.*\.so$|^libggml-base\.so$/;
  return readdirSync(libraries)
    .filter((name) => wanted.test(name))
    .map((name) => join(libraries, name));
}

/** Installs it if it is missing. Null, or why it is not there. */
export function setUpLlama(machine = thisMachine, { check = false } = {}) {
  const { home, supported } = llama(machine);
  if (existsSync(home)) return null;
  if (!supported) return `node-llama-cpp has no libraries for ${process.platform}-${process.arch}`;
  if (check) return 'llama.cpp is not installed (node scripts/llama.mjs)';
  machine.say(`Set-up: installing llama.cpp by node-llama-cpp ${VERSION}, 100 MB in .cache/llama/.`);
  return install(machine, home);
}

/** Into a folder beside the real one, which takes its name only when it is whole; of two at a time the first stays. */
function install(machine, home) {
  const attempt = `${home}.${process.pid}`;
  try {
    return installInto(attempt, machine, home);
  } finally {
    rmSync(attempt, { recursive: true, force: true });
  }
}

function installInto(attempt, machine, home) {
  mkdirSync(attempt, { recursive: true });
  writeFileSync(join(attempt, 'package.json'), JSON.stringify({ private: true }));
  const variant = LIBRARIES[`${process.platform}-${process.arch}`];
  const run = (command, args) => {
    const result = spawnSync(command, args, { cwd: attempt, env: outsideNpm(machine), encoding: 'utf8' });
    return result.status === 0
      ? null
      : `${command} ${args[0]} failed: ${lastLine(result.stderr ?? result.error?.message)}`;
  };
  const problem =
    run('npm', [
      'install',
      `node-llama-cpp@${VERSION}`,
      `@node-llama-cpp/${variant}@${VERSION}`,
      // Without these it also gets the libraries for every other system and processor: 725 MB.
      '--omit=optional',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]) ?? run('git', ['clone', '-q', 'node_modules/node-llama-cpp/llama/gitRelease.bundle', 'source']);
  if (problem !== null) return `llama.cpp could not be installed: ${problem}`;
  cpSync(join(attempt, 'source', 'include'), join(attempt, 'include'), { recursive: true });
  cpSync(join(attempt, 'source', 'ggml', 'include'), join(attempt, 'ggml'), { recursive: true });
  rmSync(join(attempt, 'source'), { recursive: true, force: true });
  if (!existsSync(home)) renameSync(attempt, home);
  return null;
}

const lastLine = (text = '') => text.trim().split('\n').at(-1);

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const problem = setUpLlama(thisMachine, { check: process.argv.includes('--check') });
  if (problem !== null) console.error(problem);
  process.exitCode = problem === null ? 0 : 1;
}
