import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { configSchema, type Config } from '../../../src/protocol/config.ts';
import { isAccepted, newestExport } from '../../../src/slm/exported.ts';

describe('the newest model of a folder', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-exported-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path: string, second: number, content = ''): void {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, second, second);
  }
  const newest = (settings: object = {}): [string, boolean] | null => {
    const config: Config = configSchema.parse(settings);
    const found = newestExport(folder, config);
    return found && [found.file.slice(folder.length + 1), found.accepted];
  };
  const MODELS = 'kernels/x86_64/SLM/models';

  it('is none where nothing was exported', () => {
    assert.equal(newest(), null);
  });

  it('is what a run accepted, in the precision that is configured', () => {
    write(`${MODELS}/pico-Q8_0.gguf`, 10);
    write(`${MODELS}/pico-Q4_0.gguf`, 11);
    write('kernels/x86_64/SLM/README.md', 12, 'pico-Q8_0.gguf, pico-Q4_0.gguf');
    assert.deepEqual(newest(), [`${MODELS}/pico-Q8_0.gguf`, true]);
    assert.deepEqual(newest({ slm: { quantization: 'int4' } }), [`${MODELS}/pico-Q4_0.gguf`, true]);
    assert.deepEqual(newest({ slm: { quantization: 'fp16' } }), [`${MODELS}/pico-Q4_0.gguf`, true]);
  });

  it('is nothing that a run has not accepted yet', () => {
    write(`${MODELS}/pico-Q8_0.gguf`, 10);
    assert.equal(newest(), null);
    write('kernels/x86_64/SLM/README.md', 9, 'The card of other-Q8_0.gguf.');
    assert.equal(newest(), null);
  });

  it('is the last of several runs, in whichever workspace', () => {
    for (const [path, second] of [
      ['kernels/aarch64', 20],
      ['kernels/x86_64', 10],
    ] as const) {
      write(`${path}/SLM/models/pico-Q8_0.gguf`, second);
      write(`${path}/SLM/README.md`, second, 'pico-Q8_0.gguf');
    }
    assert.deepEqual(newest(), ['kernels/aarch64/SLM/models/pico-Q8_0.gguf', true]);
    write('os/SLM/models/mini-Q8_0.gguf', 5);
    write('os/SLM/README.md', 5, 'mini-Q8_0.gguf');
    assert.deepEqual(newest({ workspace: { path: 'os' } }), ['os/SLM/models/mini-Q8_0.gguf', true]);
  });

  it('is what was exported by hand, if that is newer', () => {
    write(`${MODELS}/pico-Q8_0.gguf`, 10);
    write('kernels/x86_64/SLM/README.md', 10, 'pico-Q8_0.gguf');
    write('slm/nano_1M/export/nano_1M-Q8_0.gguf', 9);
    assert.deepEqual(newest(), [`${MODELS}/pico-Q8_0.gguf`, true]);
    write('slm/a_first/export/a-Q8_0.gguf', 12);
    write('slm/nano_1M/export/nano_1M-Q8_0.gguf', 13);
    assert.deepEqual(newest(), ['slm/nano_1M/export/nano_1M-Q8_0.gguf', false]);
  });

  it('is accepted only where a run keeps it', () => {
    write('SLM/README.md', 1, 'pico.onnx');
    for (const [path, accepted] of [
      ['SLM/models/pico.onnx', true],
      ['SLM/other/pico.onnx', false],
      ['pico.onnx', false],
    ] as const) {
      write(path, 1);
      assert.equal(isAccepted(join(folder, path)), accepted, path);
    }
  });
});
