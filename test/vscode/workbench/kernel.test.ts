import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { copyBootKernel } from '../harness/boot-kernel.ts';
import { miniKernel } from '../harness/mini-kernel.ts';
import { useDesk } from '../harness/mocha.ts';
import { openTest, testRow } from '../harness/test-explorer.ts';
import { until } from '../harness/wait.ts';
import type { Workbench } from '../harness/workbench.ts';

const REFERENCE = resolve(import.meta.dirname, '../../../kernels/reference');
/** A first build and a boot on a busy machine. */
const BUILD_MS = 180_000;
const CLOSE_TERMINAL = 'Terminal: Kill the Active Terminal Instance';

interface Process {
  pid: number;
  parent: number;
}

/** The processes of this name whose command lines name the folder. */
function processes(program: RegExp, folder: string): Process[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const line = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/cmdline`, 'utf8') : '';
      if (!program.test(line) || !line.includes(folder)) return [];
      const status = readFileSync(`/proc/${entry}/status`, 'utf8');
      return [{ pid: Number(entry), parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}
const qemus = (folder: string) => processes(/^[^\0]*qemu-system/, folder);
const noQemu = (folder: string) =>
  until('the end of QEMU', () => qemus(folder).length === 0, { saw: () => qemus(folder) });

describe('A kernel in the serial terminal', function () {
  this.timeout(2 * BUILD_MS);
  const desk = useDesk();

  async function chat(folder: string): Promise<Workbench> {
    const window = await desk.open({ folder });
    await window.command('AUTON: Chat With Kernel');
    await window.terminalShows(/auton>$/, BUILD_MS);
    assert.equal(qemus(folder).length, 1);
    return window;
  }

  it('boots, answers, shows its screen, and QEMU ends with the terminal', async () => {
    const folder = desk.workspace();
    const window = await chat(folder);
    await window.typeInTerminal('which driver does 8086:100e need?\n');
    await window.until('the answer', async () =>
      /need\?.*82540EM.*e1000 runs it\.\s*auton>$/.test((await window.terminalText()).replaceAll('\n', '')),
    );
    await window.screenshot('kernel-answers');

    await window.command('AUTON: Take Screenshot of the VGA Screen');
    await window.tab(/^\d{4}-\d\d-\d\dT/);
    const [picture] = readdirSync(join(folder, '.auton/screenshots'));
    const bytes = readFileSync(join(folder, '.auton/screenshots', picture!));
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
    await window.screenshot('kernel-screen');

    await window.command(CLOSE_TERMINAL);
    await noQemu(folder);
  });

  it('boots again on request, and says how it ended', async () => {
    const folder = desk.workspace({ files: { 'auton.toml': '', ...miniKernel() } });
    const window = await chat(folder);
    const [first] = qemus(folder);
    await window.command('AUTON: Restart Kernel');
    await window.until('another QEMU', () => qemus(folder).some(({ pid }) => pid !== first!.pid));
    await window.terminalShows(/Booting again\.[\s\S]*auton>$/);
    assert.equal(qemus(folder).length, 1);

    await window.typeInTerminal('');
    await window.press('Control+]');
    await window.terminalShows(/The machine was stopped\.\s+Press Enter to boot it again/);
    await noQemu(folder);
    await window.typeInTerminal('\n');
    await window.terminalShows(/auton>$/);
  });

  it('ends QEMU when the window is reloaded', async () => {
    const folder = desk.workspace({ files: { 'auton.toml': '', ...miniKernel() } });
    const window = await chat(folder);
    await window.reload();
    await noQemu(folder);
  });

  it('ends QEMU when the extension host dies', async () => {
    const folder = desk.workspace({ files: { 'auton.toml': '', ...miniKernel() } });
    await chat(folder);
    const [auton] = processes(/kernel\0boot/, folder).filter(
      ({ pid }) => !qemus(folder).some((qemu) => qemu.pid === pid),
    );
    process.kill(auton!.parent, 'SIGKILL');
    await noQemu(folder);
  });
});

describe('What breaks a build', function () {
  this.timeout(2 * BUILD_MS);
  const desk = useDesk();

  it('is listed in Problems, and opens at its line', async () => {
    const files = { ...miniKernel(), 'auton.toml': '' };
    const broken = 'kernels/x86_64/alpha/broken.c';
    const folder = desk.workspace({ files: { ...files, [broken]: '\n\nint broken = undefined_name;\n' } });
    const window = await desk.open({ folder });
    await window.command('AUTON: Build Kernel');
    await window.terminalShows(/The build failed/, BUILD_MS);
    const problem = await window.until('the problem', async () =>
      (await window.problems()).find((text) => text.includes('undefined_name')),
    );
    assert.match(problem, /at line 3 and character 14/);
    await window.screenshot('build-problems');
    const row = window.page.locator('.markers-panel .monaco-list-row', { hasText: 'undefined_name' });
    await row.first().dblclick();
    await window.tab(/^broken/);
    await window.until('the broken line in the editor', async () =>
      (await window.editorText()).includes('int broken = undefined_name;'),
    );
  });
});

describe('A kernel that dies in a task', function () {
  this.timeout(2 * BUILD_MS);
  const desk = useDesk();

  it('has the place where it died in Problems', async () => {
    const folder = desk.workspace();
    const kernel = join(folder, 'kernels/x86_64');
    copyBootKernel(REFERENCE, kernel);
    const main = join(kernel, 'kernel/main.c');
    const text = readFileSync(main, 'utf8');
    const first = '    selftests_from_cmdline();';
    writeFileSync(main, text.replace(first, `    panic("planted %d", 42);\n${first}`));
    const line = text.slice(0, text.indexOf(first)).split('\n').length;

    const window = await desk.open({ folder });
    const chooseTask = () => window.command('Tasks: Run Task');
    await chooseTask();
    await window.quickInput.pick('auton-qemu', chooseTask);
    await window.quickInput.pick(/boot kernel/, async () => {
      await chooseTask();
      await window.quickInput.pick('auton-qemu', chooseTask);
    });
    await window.terminalShows(/kernel panic: planted 42/, BUILD_MS);
    const problem = await window.until('the problem', async () =>
      (await window.problems()).find((text) => text.includes('planted 42')),
    );
    assert.match(problem, new RegExp(`at line ${line} `));
    await window.screenshot('kernel-panic');
  });
});

describe('The acceptance tests', function () {
  this.timeout(2 * BUILD_MS);
  const desk = useDesk();

  it('run one by one from the Test Explorer, and say why others cannot', async () => {
    const folder = desk.workspace();
    const kernel = join(folder, 'kernels/x86_64');
    copyBootKernel(REFERENCE, kernel);
    rmSync(join(kernel, 'arch/aarch64'), { recursive: true });
    const window = await desk.open({ folder });
    const row = (name: string) => testRow(window, name);
    const spoken = async (name: string) => (await row(name).first().getAttribute('aria-label')) ?? '';
    await openTest(window, 'x86_64', 'boot', 'boot_long_mode');
    assert.match((await row('aarch64').first().textContent()) ?? '', /no port to aarch64 yet/);
    await row('boot_long_mode').locator('[aria-label^="Run Test"]').first().click();
    await window.until(
      'the test to pass',
      async () => /Passed/.test(await spoken('boot_long_mode')),
      BUILD_MS,
    );
    assert.doesNotMatch(await spoken('boot_interrupts'), /Passed/);
    await window.screenshot('test-explorer');
  });
});
