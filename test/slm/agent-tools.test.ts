import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestRecord, trainingRecord } from '../../src/slm/records/format.ts';
import type { Workbench } from '../fixtures/tool-workbench.ts';
import { modelBench } from './bench.ts';
import { pipelinePython } from './python.ts';

describe('the tools of agents that make a model', function () {
  this.timeout(600_000);
  let bench: Workbench;
  const stages: string[] = [];

  before(async function () {
    const python = await pipelinePython(this);
    bench = await modelBench(python, {
      training: { 'train.steps': 20 },
      onEvent: (stage, { event }) => void (event === 'done' && stages.push(stage)),
    });
  });
  after(() => bench?.remove());

  async function use(tool: string, input: object): Promise<string> {
    const { ok, text } = await bench.call(tool, input);
    assert.ok(ok, `${tool}: ${text}`);
    return text;
  }
  const record = (path: string): unknown => JSON.parse(readFileSync(join(bench.worktree, path), 'utf8'));

  it('say what is missing and how to get it', async () => {
    const { ok, text } = await bench.call('train_model', { name: 'first' });
    assert.ok(!ok);
    assert.match(text, /There is no data set "data" in this run\. Make it with prepare_data/);
    const missing = await bench.call('export_gguf', { training: 'first' });
    assert.match(missing.text, /There is no checkpoint "best" of "first".*train_model/);
    const config = await bench.call('validate_architecture', { config: 'SLM/other.yaml' });
    assert.match(config.text, /SLM\/other\.yaml does not exist/);
  });

  it('judge a configuration before it is trained', async () => {
    assert.match(
      await use('validate_architecture', {}),
      /131648 parameters[^]*Q8_0: .*fits x86_64, aarch64, riscv64/,
    );
    const misnamed = await bench.call('validate_architecture', {
      config: 'nano_1M',
      set: { 'model.layers': 12 },
    });
    assert.match(misnamed.text, /WRONG: nano_1M has \d+ parameters, which is not what its name says/);
    const impossible = await bench.call('validate_architecture', { set: { 'model.heads': 3 } });
    assert.match(impossible.text, /must be a multiple of model\.heads/);
    const large = await use('validate_architecture', { config: 'large_500M' });
    assert.match(large, /F32: .*fits none/);
    assert.match(await use('estimate_flops', { flops_per_second: 1e9 }), /60 steps[^]*At 1\.00 GFLOP\/s: \d/);
  });

  it('prepare data, and look at it', async () => {
    assert.match(await use('prepare_data', {}), /train: 3000 examples[^]*Record: SLM\/data\.json/);
    assert.match(await use('analyze_dataset', {}), /labels: APP_INSTALL \d+[^]*pci\.ids: 3-clause BSD/);
    assert.match(await use('tokenize_data', { texts: ['What is 8086:100E?'] }), /what is 8086:100e\n/);
  });

  it('train, quantise and export, each with its record', async () => {
    // No more steps than the user allows, whatever an agent asks for.
    const set = { 'train.steps': 50_000 };
    assert.match(await use('train_model', { name: 'first', set }), /step 20\/20: loss[^]*Done at step 20/);
    trainingRecord.parse(record('SLM/training/first.json'));
    assert.match(await use('quantize_model', { training: 'first', to: 'int4' }), /matrices in int4 by rtn/);
    const text = await use('export_gguf', { training: 'first', checkpoint: 'int4', type: 'Q4_0' });
    assert.match(text, /SLM\/models\/tiny-Q4_0\.gguf: GGUF Q4_0/);
    manifestRecord.parse(record('SLM/models/tiny-Q4_0.gguf.json'));
    await use('export_onnx', { training: 'first' });
    assert.ok(existsSync(join(bench.worktree, 'SLM/models/tiny.onnx')));
    for (const stage of ['train', 'quantize', 'export_onnx'])
      assert.ok(stages.includes(stage), `${stage} showed nothing`);
  });
});
