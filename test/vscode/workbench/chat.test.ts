import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { useDesk } from '../harness/mocha.ts';
import { textOf } from '../harness/text.ts';
import { until } from '../harness/wait.ts';
import type { Workbench } from '../harness/workbench.ts';

const GOAL = 'Build a bootable kernel with SLM rule engine that detects hardware via PCI scan';
const RUN_MS = 90_000;

describe('@auton /run in the chat window', function () {
  this.timeout(2 * RUN_MS);
  const desk = useDesk();

  it('starts nothing unless somebody is to work on it; says what will happen, shows the plan, offers what comes next', async () => {
    const folder = desk.workspace();
    const runs = join(folder, '.auton/runs');
    const window = await desk.open({ folder }, { testModels: true });
    await window.command('Chat: Open Chat');
    await ask(window, `@auton /run ${GOAL}`);
    await window.quickInput.asks(/Who works on it/);
    await window.quickInput.close();
    await chatShows(window, /No run was started/);
    assert.equal(existsSync(runs), false, 'a run was started without an answer');

    await ask(window, `@auton /run ${GOAL}`);
    await window.quickInput.asks(/Who works on it/);
    await chatShows(window, /AUTON asks above who works on it.*Starting a run/);
    await window.screenshot('chat-run-asks');
    await window.quickInput.pick('playbook/reference');

    await chatShows(
      window,
      /Run \S+ began: x86_64, playbook reference.*, budget \$\d.*18 tasks are planned:.*headers.*at work.*Open Graph.*Pause/,
    );
    await window.screenshot('chat-run-started');
    assert.equal(readdirSync(runs).length, 1);
    await window.statusItem(/AUTON \d+\/18/);

    await window.page
      .locator('.interactive-session a, .interactive-session .monaco-button', {
        hasText: 'Where does it stand?',
      })
      .last()
      .click();
    await chatShows(window, /18 tasks: \d+ \w+/);
    await window.screenshot('chat-run-status');
    // By the keyboard: the request that an answer belongs to may lie above its buttons.
    await window.page
      .locator('.interactive-session .monaco-button', { hasText: 'Pause' })
      .last()
      .press('Enter');
    await window.statusItem(/paused/, RUN_MS);
  });
});

/** Types a request into the chat, as a user does, and sends it. */
async function ask(window: Workbench, request: string): Promise<void> {
  const input = window.page.locator('.interactive-session .interactive-input-part').first();
  await window.until('a model in the chat', async () => /Test (small|large)/.test(await textOf(input)));
  await input.locator('.monaco-editor').first().click();
  await window.press('ControlOrMeta+A'); // the name of who answered last
  await window.page.keyboard.type(request, { delay: 5 });
  // Enter would only take what the editor suggests for the text.
  await window.press('Escape');
  await window.press('Enter');
}

/** Until the conversation says so. */
function chatShows(window: Workbench, wanted: RegExp): Promise<string> {
  const said = () => textOf(window.page.locator('.interactive-session .interactive-list').first());
  return until(
    `the chat to show ${wanted}`,
    async () => {
      const text = await said();
      return wanted.test(text) && text;
    },
    { timeoutMs: RUN_MS, saw: said },
  );
}
