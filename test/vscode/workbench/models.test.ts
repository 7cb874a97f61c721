import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { useDesk } from '../harness/mocha.ts';
import { THEMES, type Theme } from '../harness/workbench.ts';

const KEY = 'sk-proj-0123456789abcdef';

describe('Keys and models', () => {
  const desk = useDesk();

  it('keeps a key where nobody reads it, and writes the chosen model to auton.toml', async () => {
    const folder = desk.workspace();
    const window = await desk.open({ folder });
    const { quickInput } = window;
    await window.command('AUTON: Set API Key');
    await quickInput.asks('Whose key?');
    await quickInput.pick('OpenAI');
    await quickInput.asks('Key for OpenAI');
    await quickInput.type('sk-ant-0123456789');
    await window.until('the warning', async () => /key for Anthropic/.test(await quickInput.message()));
    await quickInput.type(KEY);
    await quickInput.accept();
    await window.statusItem(/The key for OpenAI is stored/);

    await window.command('AUTON: Select Models');
    await quickInput.asks('For whom?');
    await quickInput.pick('All roles');
    await quickInput.asks('Model for: All roles');
    await window.until('the models of OpenAI', async () =>
      (await quickInput.items()).some(({ label }) => label === 'openai/gpt-6-sol'),
    );
    await window.screenshot('select-models');
    await quickInput.pick('openai/gpt-6-luna');
    await quickInput.asks('Saved. Another one?');
    await quickInput.pick('reviewer');
    await quickInput.asks('Model for: reviewer');
    await quickInput.pick('playbook/reference');
    await quickInput.asks('Saved. Another one?');
    await quickInput.close();
    assert.equal(
      readFileSync(join(folder, 'auton.toml'), 'utf8'),
      '[llm]\nmodel = "openai/gpt-6-luna"\n\n[agents.models]\nreviewer = "playbook/reference"\n',
    );
    const { stdout } = spawnSync('grep', ['-rl', KEY, folder, window.server.home], { encoding: 'utf8' });
    assert.equal(stdout, '', 'files that hold the key');
  });
});

describe('The walkthrough', () => {
  const desk = useDesk();

  it('checks its steps off, and looks right in every colour theme', async () => {
    const window = await desk.open({ folder: desk.workspace() });
    await window.command('View: Toggle Primary Side Bar Visibility');
    const open = async () => {
      await window.closeTabs();
      await window.command('Welcome: Open Walkthrough...');
      await window.quickInput.pick('Get Started with AUTON');
    };
    const steps = window.page.locator('.getting-started-step');
    await open();
    const check = steps.locator('.monaco-button', { hasText: 'Check Environment' });
    // The editor opens the first step that is not done; another window of this server may have done this one.
    await window.until('the first step to be open', async () => {
      if (await check.isVisible()) return true;
      if ((await steps.count()) === 0) await open();
      await steps.filter({ has: check }).first().click({ timeout: 5000 });
      await sleep(500);
      return check.isVisible();
    });
    await check.click();
    await window.quickInput.asks('Everything is in place.');
    await window.quickInput.close();
    const done = window.page.locator('.getting-started-step .codicon-getting-started-step-checked.complete');
    await window.until('the first step to be checked off', async () => (await done.count()) > 0);
    for (const theme of Object.keys(THEMES) as Theme[]) {
      await window.theme(theme);
      await open();
      await steps.filter({ hasText: 'Look into a change' }).first().click();
      await steps.locator('.monaco-button', { hasText: 'Show Changes' }).waitFor();
      await window.screenshot(`walkthrough-${theme}`);
    }
  });
});
