import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { environmentPlace, thisMachine } from '../../../src/slm/python/environment.ts';
import { onnxRuntime } from '../../fixtures/slm/onnx-runtime.ts';
import { writeModel } from '../../fixtures/slm/model-copy.ts';
import { pipelinePython } from '../../slm/python.ts';
import { useDesk } from '../harness/mocha.ts';
import { THEMES, type Theme, type Workbench } from '../harness/workbench.ts';

const STAGE_MS = 120_000;
const TASKS = [
  ['tiny data', 'prepare'],
  ['tiny training', 'train'],
  ['tiny export', 'export'],
].map(([label, stage]) => ({
  label,
  type: 'auton-slm',
  stage,
  args: ['--model', 'tiny.yaml'],
  problemMatcher: [],
}));

describe('The language model in the editor', function () {
  this.timeout(300_000);
  const desk = useDesk();

  it('is seen in training, over a reload; asks before it gets ONNX Runtime, then answers, with a model that is chosen', async function () {
    const runtime = await onnxRuntime(this);
    const folder = desk.workspace();
    const window = await desk.open({ folder });
    await followTraining(window, folder);

    await window.command('AUTON: Ask SLM');
    assert.match(await window.dialog(), /needs ONNX Runtime.*npm fetches it \(115 MB/);
    await window.screenshot('slm-consent');
    await window.press('Escape');
    await window.until(
      'the dialog to close',
      async () => (await window.page.locator('.monaco-dialog-box').count()) === 0,
    );
    assert.equal(
      await window.page.locator('.terminal-wrapper').count(),
      0,
      'a terminal opened without consent',
    );

    // As in a folder whose own code uses it.
    symlinkSync(dirname(runtime), join(folder, 'node_modules'));
    await window.command('AUTON: Ask SLM');
    await window.terminalShows(/mini_3M: 3\.1 million parameters.*It knows no facts.*slm> *$/s, 60_000);
    await window.typeInTerminal('what is 8086:100e\n');
    await window.terminalShows(/HARDWARE_IDENTIFY 99\.\d %\s+lookup pci 8086:100e\s+Looking that id up/);
    await window.typeInTerminal('sing me a song about page frames\n');
    await window.terminalShows(
      /TROUBLESHOOT, unsure \(OTHER 100\.0 %\)\s+unsure\s+I am not sure what you mean/,
    );
    await window.screenshot('slm-asked');

    cpSync(dirname(writeModel(readFileSync('SLM/models/mini_3M.onnx'))), join(folder, 'build', 'mine'), {
      recursive: true,
    });
    assert.ok(existsSync(join(folder, 'build/mine/mini_3M.onnx.json')));
    await window.command('AUTON: Ask SLM');
    await window.quickInput.asks(/Which model/);
    assert.deepEqual(
      (await window.quickInput.items()).map(({ description }) => description),
      ['the one that ships with AUTON', 'build/mine'],
    );
    await window.quickInput.pick('mini_3M');
    await window.terminalShows(/ONNX opset 17, F32.*slm> *$/s, 60_000);
  });
});

describe('The stages of a language model in the editor', function () {
  this.timeout(600_000);
  // The extension is one that is installed here, and would set up a Python of its own; the checkout's will do.
  const desk = useDesk({ env: { AUTON_SLM_PYTHON: environmentPlace(thisMachine()).program } });

  it('are commands and tasks: data, training with live curves, export', async function () {
    await pipelinePython(this);
    const folder = desk.workspace();
    cpSync('test/slm/tiny.yaml', join(folder, 'tiny.yaml'));
    mkdirSync(join(folder, '.vscode'), { recursive: true });
    writeFileSync(join(folder, '.vscode/tasks.json'), JSON.stringify({ version: '2.0.0', tasks: TASKS }));
    const window = await desk.open({ folder });
    const run = async (label: string) => {
      const choose = () => window.command('Tasks: Run Task');
      await choose();
      await window.quickInput.pick(label, choose);
    };

    await window.command('AUTON: Train Language Model');
    await window.terminalShows(/There is no data set in slm\/data\.\s+→ Make one/);
    await run('tiny data');
    await window.terminalShows(/3000 examples in slm\/data/, STAGE_MS);
    await run('tiny training');
    await window.command('AUTON: Show Training');
    const row = window.webview().locator('tbody tr').first();
    await window.until('the training', async () => (await row.count()) === 1, STAGE_MS);
    await window.until('its end', async () => /done/.test(await row.innerText()), STAGE_MS);
    await window.screenshot('slm-trained');
    await run('tiny export');
    await window.terminalShows(/tiny-Q8_0\.gguf[^]*tiny\.onnx/, STAGE_MS);

    await window.container('AUTON');
    const stages = window.tree('Language Model');
    const spoken = async (label: string) => (await stages.row(label)).spoken;
    await window.until('the export', async () => /^Export, done, tiny/.test(await spoken('Export')));
    assert.equal(await spoken('Data'), 'Data, done, 3000 examples');
    assert.match(await spoken('Training'), /^Training, done, tiny · loss \d/);
  });
});

/** A training whose log grows while somebody looks, as `auton slm train` writes it. */
async function followTraining(window: Workbench, folder: string): Promise<void> {
  const log = readFileSync('SLM/models/training.jsonl', 'utf8').trimEnd().split('\n');
  const half = Math.floor(log.length / 2);
  const write = (name: string, lines: readonly string[]) => {
    mkdirSync(join(folder, 'slm', name), { recursive: true });
    writeFileSync(join(folder, 'slm', name, 'log.jsonl'), lines.map((line) => `${line}\n`).join(''));
  };
  await window.command('AUTON: Show Training');
  const panel = window.webview();
  await window.until('the empty panel', async () => (await panel.locator('.empty').count()) === 1);
  assert.match(await panel.locator('.empty').innerText(), /No training has written a log here yet/);

  write('mini_3M', log.slice(0, half));
  const row = panel.locator('tbody tr').first();
  await window.until('the training', async () => (await row.count()) === 1);
  assert.match(await row.innerText(), /running \d+ %/);
  const curve = panel.locator('.curve').first();
  const before = (await curve.getAttribute('d'))!;
  appendFileSync(join(folder, 'slm/mini_3M/log.jsonl'), `${log.slice(half).join('\n')}\n`);
  await window.until('its end', async () => /done/.test(await row.innerText()));
  assert.ok((await curve.getAttribute('d'))!.length > before.length * 1.5, 'the curve did not grow');
  assert.match(await row.innerText(), /mini_3M.*slm\/mini_3M\/log\.jsonl.*8168.*89\.\d %/s);

  mkdirSync(join(folder, 'slm/data'));
  writeFileSync(join(folder, 'slm/data/statistics.json'), '{ "train": { "examples": 1400000 } }');
  await window.container('AUTON');
  const stages = window.tree('Language Model');
  const spoken = async (label: string) => (await stages.row(label)).spoken;
  await window.until('the data', async () => (await spoken('Data')) === 'Data, done, 1400000 examples');
  await window.until(
    'the training',
    async () => (await spoken('Training')) === 'Training, done, mini_3M · loss 0.308',
  );
  assert.equal(await spoken('Integration'), 'Integration, not done yet');

  write('other', log.slice(0, half));
  await window.until('both', async () => (await panel.locator('tbody tr').count()) === 2);
  await window.reload();
  await window.until(
    'the panel after a reload',
    async () => (await window.webview().locator('tbody tr').count()) === 2,
  );
  for (const theme of Object.keys(THEMES) as Theme[]) {
    await window.theme(theme);
    await window.screenshot(`training-${theme}`);
  }
  await window.closeTabs();
}
