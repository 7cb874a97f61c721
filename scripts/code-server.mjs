#!/usr/bin/env node
/**
 * Gets the VS Code that `npm test` and `npm run vscode` open: code-server, which is a whole VS Code server in an
 * npm package, and Chromium as its window. Uses nothing but Node, as set-up does. With --check it only looks.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outsideNpm } from './npm-dependencies.mjs';
import { findCommand, installTools, missingTools, thisMachine } from './setup.mjs';
import { TEST_TOOLS } from './system-tools.mjs';

const VERSION = '4.139.1';
/** code-server refuses to be installed by any other. */
const NODE_MAJOR = 24;

/** Where things are once they are installed. */
export function codeServer({ folder, env } = thisMachine) {
  const home = join(folder, '.vscode-test', 'code-server');
  const chromium = TEST_TOOLS.find(({ name }) => name === 'Chromium').commands;
  return {
    home,
    /** The script that Node runs. */
    entry: join(home, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
    /** The Node that runs it, and for which its native modules were compiled. */
    node: join(folder, 'node_modules', 'node', 'bin', 'node'),
    /** Path of the browser, or undefined. */
    browser: chromium.map((name) => findCommand({ env }, name)).find(Boolean),
  };
}

/** Installs what is missing; the exit status. */
export function setUpCodeServer(machine, { check = false } = {}) {
  const tools = missingTools(machine, TEST_TOOLS);
  const problem = codeServerProblem(machine);
  if (tools.length === 0 && problem === null) return 0;
  if (check) {
    for (const { name, why } of tools) machine.say(`missing: ${name} (${why})`);
    if (problem !== null) machine.say(`code-server: ${problem}`);
    return 1;
  }
  if (tools.length > 0 && !installTools(machine, tools)) return 1;
  return problem === null ? 0 : install(machine, problem);
}

/** Why the code-server on the disk will not do, or null. */
function codeServerProblem(machine) {
  const { home, entry } = codeServer(machine);
  if (!existsSync(entry)) return 'it is not installed';
  const manifest = join(home, 'node_modules', 'code-server', 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  return version === VERSION ? null : `it is ${version}, not ${VERSION}`;
}

/**
 * Into a folder beside the real one, which takes its name only when it is whole: a `code-server` that exists works,
 * and what an earlier attempt left behind is in nobody's way.
 */
function install(machine, problem) {
  const { home, node } = codeServer(machine);
  const attempt = `${home}.attempt`;
  machine.say(`Set-up: installing code-server ${VERSION}, a VS Code for tests (${problem}).`);
  machine.say('  620 MB, one to three minutes, in .vscode-test/.');
  rmSync(attempt, { recursive: true, force: true });
  mkdirSync(attempt, { recursive: true });
  const manifest = { private: true, dependencies: { 'code-server': VERSION } };
  writeFileSync(join(attempt, 'package.json'), JSON.stringify(manifest));

  const env = outsideNpm(machine);
  const result = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: attempt,
    env: {
      ...env,
      PATH: [join(node, '..'), env.PATH].join(delimiter),
      // Its install script runs npm again, in folders whose manifests say nothing of install scripts: they are let
      // run by environment, which reaches those too. The package and what it locks are of one fixed version.
      npm_config_ignore_scripts: 'false',
      npm_config_dangerously_allow_all_scripts: 'true',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const left = result.status === 0 ? whetherItStarts(attempt, node, env) : `npm ended with ${result.status}`;
  if (left !== null) {
    machine.say(`Set-up: code-server could not be installed: ${left}. What npm said is above.`);
    machine.say(`It needs Node ${NODE_MAJOR} and a C++ compiler; run the command again once that is mended.`);
    return 1;
  }
  rmSync(home, { recursive: true, force: true });
  renameSync(attempt, home);
  machine.say('Set-up: done.');
  return 0;
}

/** npm can succeed without having run the scripts that make the package work. */
function whetherItStarts(home, node, env) {
  const entry = join(home, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
  const server = join(home, 'node_modules', 'code-server', 'lib', 'vscode', 'out', 'server-main.js');
  for (const script of [entry, server]) {
    const { status, stderr } = spawnSync(node, [script, '--version'], { env, encoding: 'utf8' });
    if (status !== 0) return `it does not start (${stderr.trim().split('\n').at(-1)})`;
  }
  return null;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = setUpCodeServer(thisMachine, { check: process.argv.includes('--check') });
}
