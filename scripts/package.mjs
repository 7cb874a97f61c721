/** Makes the .vsix: what is in it is what `files` of package.json names, and nothing else. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';

const root = resolve(import.meta.dirname, '..');
/** What marketplaces and editors show besides. */
const ALWAYS = ['package.json', 'README.md', 'LICENSE'];

/** Writes the .vsix for this platform into `folder`; its path. `quiet` leaves out the list of what is in it. */
export async function packageExtension(folder, { quiet = false } = {}) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!existsSync(join(root, manifest.main))) throw new Error('dist/ is missing: run "npm run build" first');
  const target = `${process.platform}-${process.arch}`;
  const file = join(resolve(folder), `${manifest.name}-${target}-${manifest.version}.vsix`);
  const stage = mkdtempSync(join(tmpdir(), 'auton-package-'));
  try {
    for (const path of contents(manifest)) {
      mkdirSync(dirname(join(stage, path)), { recursive: true });
      cpSync(join(root, path), join(stage, path));
    }
    writeFileSync(join(stage, 'package.json'), JSON.stringify(installed(manifest), null, 2));
    mkdirSync(folder, { recursive: true });
    const options = { cwd: stage, packagePath: file, target, dependencies: false };
    const { log, warn } = console;
    // It misses a `files` in what has been made by one.
    console.warn = () => undefined;
    if (quiet) console.log = () => undefined;
    try {
      await createVSIX({ ...options, allowMissingRepository: true, rewriteRelativeLinks: false });
    } finally {
      Object.assign(console, { log, warn });
    }
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return file;
}

/** Paths of all files that belong into the package. vsce cannot tell what `files` excludes, so it is done here. */
function contents({ files }) {
  const excluded = files
    .filter((pattern) => pattern.startsWith('!'))
    .flatMap((pattern) => found(pattern.slice(1)));
  const included = [...files.filter((pattern) => !pattern.startsWith('!')), ...ALWAYS].flatMap(found);
  return [...new Set(included)].filter((path) => !excluded.includes(path));
}

function found(pattern) {
  const patterns = pattern.endsWith('/') ? [`${pattern}**`] : [pattern, `${pattern}/**`];
  return globSync(patterns, { cwd: root }).filter((path) => statSync(join(root, path)).isFile());
}

/** The manifest without what only the repository needs; nothing in the package is looked up in node_modules. */
function installed({ files: _1, scripts: _2, devDependencies: _3, dependencies: _4, ...rest }) {
  const { optionalDependencies: _5, allowScripts: _6, ...manifest } = rest;
  return manifest;
}

if (import.meta.main) {
  const file = await packageExtension(join(root, '.vscode-test', 'package'));
  console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(2)} MB`);
  if (process.argv.includes('--check')) {
    console.log('Does it work without this repository?');
    const script = join(root, 'test/vscode/check-package.ts');
    const { status } = spawnSync(process.execPath, [script, file], { stdio: 'inherit' });
    process.exitCode = status ?? 1;
  }
}
