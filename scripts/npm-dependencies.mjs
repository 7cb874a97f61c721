import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Why the npm dependencies are not what the lock file says, or null. npm writes node_modules/.package-lock.json
 * last, so an installation that was cut off shows too.
 */
export function dependencyProblem(folder) {
  const wanted = readLock(join(folder, 'package-lock.json'));
  if (wanted === null) return 'package-lock.json cannot be read';
  const present = readLock(join(folder, 'node_modules', '.package-lock.json'));
  if (present === null) return 'they are not installed';
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted)) {
    // Packages for other processors and systems are in the lock, not on the disk.
    if (path === '' || ((optional || devOptional) && !present[path])) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (!present[path]) return `${name} is missing`;
    if (present[path].version !== version) return `${name} is ${present[path].version}, not ${version}`;
    if (!existsSync(join(folder, path))) return `${name} is missing`;
  }
  // Its install script makes it; npm does not notice when that did not run.
  if (!existsSync(join(folder, 'node_modules', 'node', 'bin', 'node'))) return 'its Node is missing';
  return null;
}

/** Runs `npm ci`, with its output shown; the exit status. */
export function installDependencies(folder, env) {
  // Without npm's warnings: some packages ask for the Node that they are run by, which this very command brings.
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env: outsideNpm({ folder, env }),
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return result.status ?? 1;
}

/**
 * The environment as it was before npm started this script: `npm ci` deletes the folder that npm put on the
 * PATH, with the `node` in it, and must not take itself for a script of this package.
 */
export function outsideNpm({ folder, env }) {
  const bin = join(folder, 'node_modules');
  const path = (env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(bin));
  // What npm says of itself must not be taken for that of another npm, which may run on another Node.
  const own = /^npm_(package|lifecycle)_|^npm_(command|execpath|node_execpath|config_user_agent)$/;
  const kept = Object.entries(env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return null;
  }
}
