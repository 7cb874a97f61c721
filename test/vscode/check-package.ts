/**
 * `node test/vscode/check-package.ts <file.vsix>`: whether the package holds what it must and nothing else, and whether
 * AUTON works from it alone: a copy is installed in a new VS Code, which knows nothing of this repository.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { errorMessage } from '../../src/protocol/errors.ts';
import { newUser, openBrowser, openPage } from './harness/browser.ts';
import { CodeServer } from './harness/server.ts';
import { Workbench } from './harness/workbench.ts';
import { makeWorkspace, removeWorkspace } from './harness/workspace.ts';

/** Everything in the package is one of these. */
const ALLOWED = [
  /^(package(\.nls(\.[\w-]+)?)?\.json|readme\.md|LICENSE\.txt|auton\.example\.toml|\.vsixmanifest)$/,
  /^(bin|l10n|media|playbooks|kernel_spec|kernels\/(mini|reference))\//,
  /^dist\/(auton\.mjs|extension\.cjs)$/,
  /^dist\/(webview|node-pty)\//,
];
const FORBIDDEN = /\.(map|ts|o|elf|iso)$|^kernels\/.*\/build[^/]*\/|(^|\/)(node_modules|\.env|\.git)(\/|$)/;
/** Without any of these a part of AUTON is dead. */
const REQUIRED = [
  ...['package.json', 'package.nls.json', 'readme.md', 'LICENSE.txt', 'media/icon.png', 'auton.example.toml'],
  ...['dist/extension.cjs', 'dist/auton.mjs', 'dist/node-pty/package.json', 'bin/auton.mjs'],
  ...['playbooks/reference/playbook.toml', 'kernels/reference/Makefile', 'kernel_spec/tests/acceptance.toml'],
];
/** Of the shipped playbook. */
const GOAL = 'Build a bootable kernel with SLM rule engine that detects hardware via PCI scan';

const [vsix] = process.argv.slice(2);
if (vsix === undefined || !existsSync(vsix)) {
  console.error('Which .vsix? "npm run package" makes one and checks it.');
  process.exit(2);
}
try {
  await check(vsix);
} catch (error) {
  console.error(`The package is not good: ${errorMessage(error)}`);
  process.exitCode = 1;
}
process.exit();

async function check(vsix: string): Promise<void> {
  const copies = mkdtempSync(join(tmpdir(), 'auton-package-'));
  const copy = join(copies, basename(vsix));
  cpSync(vsix, copy);
  const server = await CodeServer.start({ extensions: [copy] });
  const browser = await openBrowser();
  const folder = makeWorkspace();
  try {
    const problems = contentProblems(server);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const page = await openPage(await newUser(browser), server, { folder });
    await work(new Workbench(page, server), folder);
  } finally {
    await browser.close();
    await server.stop();
    removeWorkspace(folder);
    rmSync(copies, { recursive: true, force: true });
  }
}

/** Through the window, as a user: the extension answers, and an engine of the package begins to work. */
async function work(window: Workbench, folder: string): Promise<void> {
  await window.ready();
  await window.command('AUTON: Check Environment');
  await window.quickInput.asks('Everything is in place');
  await window.quickInput.close();
  console.log('  it is active and finds its tools');

  await window.command('AUTON: Run Goal');
  await window.quickInput.asks(/what shall the agents build/i);
  await window.quickInput.pick(GOAL);
  await window.quickInput.pick(/playbook/i);
  await window.until(
    'the engine to merge a task',
    () => /"task\.state".*"merged"/.test(events(folder)),
    180_000,
  );
  console.log('  its engine builds, boots and merges');
}

function contentProblems(server: CodeServer): string[] {
  const extensions = join(server.home, 'extensions');
  const name = readdirSync(extensions).find((entry) => entry.startsWith('auton.auton-'));
  if (name === undefined) return ['it is not installed'];
  const installed = join(extensions, name);
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => statSync(join(installed, path)).isFile());
  const strange = files.filter(
    (path) => !ALLOWED.some((pattern) => pattern.test(path)) || FORBIDDEN.test(path),
  );
  return [
    ...REQUIRED.filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...strange.map((path) => `${path} does not belong into it`),
  ];
}

function events(folder: string): string {
  const runs = join(folder, '.auton/runs');
  if (!existsSync(runs)) return '';
  return readdirSync(runs)
    .map((run) => join(runs, run, 'events.jsonl'))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}
