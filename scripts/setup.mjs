#!/usr/bin/env node
/**
 * Makes this machine ready: npm dependencies and the system's tools. Runs before `npm start` and `npm test`.
 * Uses nothing but Node 20, since nothing else need be there. With --check it only says what is missing.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dependencyProblem, installDependencies } from './npm-dependencies.mjs';
import { PACKAGE_MANAGERS, packagesFor, SYSTEM_TOOLS } from './system-tools.mjs';

const NODE_MAJOR = 20;

/** What set-up looks at and acts on; tests give it another machine. */
export const thisMachine = {
  folder: dirname(dirname(fileURLToPath(import.meta.url))),
  /** Prefix of the files that are looked for. */
  root: '/',
  env: process.env,
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  isInteractive: process.stdin.isTTY === true,
  say: (text) => console.error(text),
};

/** Installs what is missing; the exit status. */
export function setUp(machine, { check = false } = {}) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR) {
    machine.say(
      `Node ${NODE_MAJOR} or newer is needed; this is ${process.version}. Get one from nodejs.org.`,
    );
    return 1;
  }
  const tools = missingTools(machine);
  const npmProblem = dependencyProblem(machine.folder);
  if (check) return report(machine, tools, npmProblem);
  if (tools.length > 0 && !installTools(machine, tools)) return 1;
  if (npmProblem !== null) {
    machine.say(`Set-up: installing the npm dependencies (${npmProblem}).`);
    const status = installDependencies(machine.folder, machine.env);
    const left = status === 0 ? dependencyProblem(machine.folder) : `npm ci ended with ${status}`;
    if (left !== null) {
      machine.say(`Set-up: the npm dependencies could not be installed: ${left}.`);
      return 1;
    }
  }
  if (tools.length > 0 || npmProblem !== null) machine.say('Set-up: done.');
  return 0;
}

/** The rows of a table that this machine does not have. */
export function missingTools(machine, table = SYSTEM_TOOLS) {
  return table.filter(
    ({ platform = machine.platform, commands = [], files = [] }) =>
      platform === machine.platform &&
      !commands.some((command) => findCommand(machine, command)) &&
      !files.some((file) => existsSync(join(machine.root, file))),
  );
}

function report(machine, tools, npmProblem) {
  for (const { name, why } of tools) machine.say(`missing: ${name} (${why})`);
  if (npmProblem !== null) machine.say(`npm dependencies: ${npmProblem}`);
  if (tools.length === 0 && npmProblem === null) {
    machine.say('Everything is installed.');
    return 0;
  }
  if (tools.length > 0) sayCommands(machine, tools);
  return 1;
}

/** Installs rows of the tables after saying so; whether they are there then. */
export function installTools(machine, tools) {
  machine.say('Set-up: this is missing:');
  for (const { name, why } of tools) machine.say(`  ${name}: ${why}`);
  const apt = aptGet(machine);
  if (apt === null) {
    sayCommands(machine, tools);
    return false;
  }
  const packages = packagesFor('apt', tools);
  machine.say(`Set-up: installing with ${apt.join(' ')}: ${packages.join(' ')}`);

  const lock = ['-o', 'DPkg::Lock::Timeout=120'];
  const install = () =>
    run(machine, [...apt, ...lock, 'install', '-y', '--no-install-recommends', ...packages]);
  const update = () => run(machine, [...apt, ...lock, 'update']);
  // Lists that exist may still be too old: the packages they name are then gone from the mirrors.
  const installed = hasPackageLists(machine) ? install() || (update() && install()) : update() && install();

  const left = missingTools(machine, tools);
  if (left.length === 0) return true;
  machine.say(
    installed
      ? `Set-up: still missing after the installation: ${left.map(({ name }) => name).join(', ')}.`
      : 'Set-up: apt-get failed; its message is above.',
  );
  sayCommands(machine, left);
  return false;
}

/** How apt-get can be called here, or null. */
function aptGet(machine) {
  if (!findCommand(machine, 'apt-get')) return null;
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  if (machine.isRoot) return command;
  if (!findCommand(machine, 'sudo')) return null;
  // Nobody can type a password where there is no terminal.
  return ['sudo', ...(machine.isInteractive ? [] : ['-n']), ...command];
}

function sayCommands(machine, tools) {
  machine.say('To install it by hand, use the line for this system:');
  for (const [manager, command] of Object.entries(PACKAGE_MANAGERS)) {
    machine.say(`  ${`${manager}:`.padEnd(8)}${command} ${packagesFor(manager, tools).join(' ')}`);
  }
  machine.say('Then run the command again.');
}

function hasPackageLists({ root }) {
  try {
    return readdirSync(join(root, 'var/lib/apt/lists')).some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}

function run({ env }, [program, ...args]) {
  return spawnSync(program, args, { env, stdio: ['inherit', 'inherit', 'inherit'] }).status === 0;
}

/** The program's path, or undefined. */
export function findCommand({ env }, name) {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = setUp(thisMachine, { check: process.argv.includes('--check') });
}
