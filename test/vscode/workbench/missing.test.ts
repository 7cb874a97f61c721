import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { miniKernel } from '../harness/mini-kernel.ts';
import { useDesk } from '../harness/mocha.ts';
import { Programs } from '../harness/programs.ts';

const programs = new Programs();

describe('On a machine on which something is not installed', function () {
  this.timeout(120_000);
  const desk = useDesk({ env: { PATH: programs.folder } });
  afterEach(() => programs.showAll());
  after(() => programs.remove());

  it('without git, the view says that agents need it', async () => {
    programs.hide(/^git$/);
    const window = await desk.open({ folder: desk.workspace() });
    await window.container('AUTON');
    const { buttons } = await window.tree('Runs').welcomeSays(/git was not found/);
    assert.deepEqual(buttons, ['Check Environment']);
    await window.screenshot('no-git');
  });

  it('without a tool, the view says so, the check names it, and no run is begun', async () => {
    programs.hide(/^(nasm|qemu-system-.*)$/);
    const folder = desk.workspace();
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.welcomeSays(/tools that build and boot kernels are missing/);
    await window.screenshot('no-tools');
    await runs.pressWelcome('Check Environment');
    await window.quickInput.asks(/\d of \d+ checks failed/);
    const broken = (await window.quickInput.items()).map(({ label }) => label).slice(1, 3);
    assert.deepEqual(broken, ['nasm', 'qemu-system-x86_64']);
    await window.screenshot('no-tools-check');
    await window.quickInput.close();

    await window.command('AUTON: Run Goal');
    await window.quickInput.asks(/What shall the agents build/);
    await window.quickInput.pick(/^Build a bootable kernel/);
    await window.quickInput.pick('playbook/reference');
    assert.match(await window.dialog(), /cannot build and boot kernels yet.*nasm.*qemu/s);
    await window.answerDialog('Cancel');
    assert.ok(!existsSync(join(folder, '.auton/runs')), 'a run was begun');

    programs.showAll();
    await window.command('AUTON: Check Environment');
    await window.quickInput.asks('Everything is in place.');
    await window.quickInput.close();
    await runs.welcomeSays(/Agents plan, write, build, boot/);
  });
});

describe('QEMU that is not installed', function () {
  this.timeout(300_000);
  const desk = useDesk();

  it('is named by terminal and Test Explorer with what to do, and both work once it is there', async () => {
    const configuration = '[kernel]\nqemu = "qemu-that-is-missing"\n';
    const folder = desk.workspace({ files: { 'auton.toml': configuration, ...miniKernel() } });
    const window = await desk.open({ folder });
    await window.command('AUTON: Chat With Kernel');
    await window.terminalShows(/qemu-that-is-missing/, 120_000);
    await window.terminalShows(/Press Enter to boot it again/);
    await window.screenshot('no-qemu-terminal');

    await window.container('Testing');
    const reason = () =>
      window.page.locator('.test-explorer .monaco-list-row', { hasText: 'x86_64' }).innerText();
    await window.until('the reason in the Test Explorer', async () =>
      /qemu-that-is-missing not found/.test(await reason()),
    );
    await window.screenshot('no-qemu-test');

    writeFileSync(join(folder, 'auton.toml'), '');
    await window.command('Terminal: Focus Terminal');
    await window.typeInTerminal('\n');
    await window.terminalShows(/auton>$/, 120_000);
    await window.until('tests that can be run', async () => !/missing/.test(await reason()));
  });
});
