import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useDesk } from '../harness/mocha.ts';
import { PATIENCE_MS } from '../harness/wait.ts';
import type { Workbench } from '../harness/workbench.ts';

const GOAL = 'Build a bootable kernel with SLM rule engine that detects hardware via PCI scan';
/** The shipped playbook takes a minute on a quiet machine. */
const RUN_MS = 400_000;

const enginePid = (folder: string): number =>
  (JSON.parse(readFileSync(join(folder, '.auton', 'engine.json'), 'utf8')) as { pid: number }).pid;

describe('AUTON: Run Goal with the shipped playbook', function () {
  this.timeout(RUN_MS + 4 * PATIENCE_MS);
  const desk = useDesk();

  it('goes from a goal to a kernel that answers, over a reload of the window in the middle', async () => {
    const folder = desk.workspace();
    const window = await desk.open({ folder });
    await runGoal(window);

    const runs = window.tree('Runs');
    await runs.row(GOAL, 60_000);
    await window.statusItem(/AUTON [1-9]\d*\/18/, 180_000);
    await window.screenshot('run-in-work');

    const engine = enginePid(folder);
    const sawInterrupted = await watchFor(window, 'interrupted');
    await window.reload();
    await window.statusItem(/AUTON \d+\/18/, 60_000);
    assert.equal(enginePid(folder), engine, 'the reload started another engine');
    await window.tree('Runs').row(GOAL, 60_000);
    assert.equal(
      await sawInterrupted(),
      false,
      'the run was called interrupted while an engine worked on it',
    );

    await window.notification(/The run is done/, RUN_MS);
    await window.screenshot('run-done');
    await window.answer(/The run is done/, 'Chat With Kernel');
    await window.terminalShows(/auton> *$/, 60_000);
    await window.typeInTerminal('which driver does 8086:100e need?\n');
    await window.terminalShows(/82540EM.*e1000 runs it/, PATIENCE_MS);
    await window.screenshot('kernel-answers');
  });
});

/** From the next load of the window on: whether this word was ever in the side bar or the status bar. */
async function watchFor({ page }: Workbench, word: string): Promise<() => Promise<boolean>> {
  await page.addInitScript(`{
    globalThis.sawWord = false;
    new MutationObserver(() => {
      for (const part of document.querySelectorAll('.sidebar, .statusbar'))
        globalThis.sawWord ||= part.textContent.includes(${JSON.stringify(word)});
    }).observe(document, { childList: true, subtree: true, characterData: true });
  }`);
  return () => page.evaluate('globalThis.sawWord');
}

/** As a user: the palette, the example goal, the playbook. */
async function runGoal(window: Workbench): Promise<void> {
  await window.command('AUTON: Run Goal');
  await window.quickInput.asks(/What shall the agents build/);
  await window.quickInput.pick(GOAL);
  await window.quickInput.asks(/Who works on it/);
  await window.quickInput.pick('playbook/reference');
  await window.container('AUTON');
}
