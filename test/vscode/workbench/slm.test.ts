import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onnxRuntime } from '../../fixtures/slm/onnx-runtime.ts';
import { writeModel } from '../../fixtures/slm/model-copy.ts';
import { useDesk } from '../harness/mocha.ts';

describe('The language model in the editor', function () {
  this.timeout(300_000);
  const desk = useDesk();

  it('asks before it gets ONNX Runtime; then answers questions, with a model that is chosen', async function () {
    const runtime = await onnxRuntime(this);
    const folder = desk.workspace();
    const window = await desk.open({ folder });
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
