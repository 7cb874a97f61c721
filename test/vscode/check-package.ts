/**
 * `node test/vscode/check-package.ts <file.vsix>`: whether the package holds what it must and nothing else, and whether
 * AUTON works from it alone: a copy is installed in a new VS Code, which knows nothing of this repository.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { errorMessage } from '../../src/protocol/errors.ts';
import { openBrowser, openPage } from './harness/browser.ts';
import { contentProblems } from './harness/package-content.ts';
import { CodeServer } from './harness/server.ts';
import { Workbench } from './harness/workbench.ts';
import { makeWorkspace, removeWorkspace } from './harness/workspace.ts';

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
    const page = await openPage(browser, server, { folder });
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

function events(folder: string): string {
  const runs = join(folder, '.auton/runs');
  if (!existsSync(runs)) return '';
  return readdirSync(runs)
    .map((run) => join(runs, run, 'events.jsonl'))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}
