import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { buildEngine, buildLlama, difference } from '../kernel/neural/engines.ts';

const models = join(import.meta.dirname, '../../SLM/models');
const model = (type: string) => join(models, `mini_3M-${type}.gguf`);
const PROMPTS = ['what is 8086:100e', 'which driver does the network card need', 'install firefox'];

describe('the SLM that ships', function () {
  this.timeout(300_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'auton-shipped-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('is what its manifests say, and not large', () => {
    const files = readdirSync(models);
    const manifests = files.filter((name) => /\.(gguf|onnx)\.json$/.test(name));
    assert.equal(manifests.length, 3);
    for (const manifest of manifests) {
      const said = JSON.parse(readFileSync(join(models, manifest), 'utf8')) as Record<string, unknown>;
      const bytes = readFileSync(join(models, manifest.slice(0, -'.json'.length)));
      assert.equal(createHash('sha256').update(bytes).digest('hex'), said.sha256, manifest);
      assert.equal(bytes.length, said.bytes, manifest);
    }
    const all = files.reduce((sum, name) => sum + statSync(join(models, name)).size, 0);
    assert.ok(all < 24e6, `${all} bytes`);
  });

  it('is computed by the kernel as by llama.cpp', function () {
    const engine = buildEngine(join(folder, 'host'));
    const llama = buildLlama(join(folder, 'host'));
    if (typeof llama === 'string') {
      console.log(`      skipped: ${llama}`);
      this.skip();
    }
    for (const type of ['Q8_0', 'Q4_0']) {
      const tokens = llama.tokenize(model(type), PROMPTS);
      assert.deepEqual(engine.tokenize(model(type), PROMPTS), tokens);
      for (const ids of tokens) {
        const input = [1, ...ids];
        const apart = difference(engine.logits(model(type), input), llama.logits(model(type), input));
        assert.ok(Math.max(...apart.rms) < 5e-2, `${type}: ${apart.rms.join(' ')}`);
        assert.equal(apart.wrongChoices, 0);
      }
    }
  });

  it('helps a booted kernel to answer', async () => {
    const { referenceKernel } = assets();
    const build = join(folder, 'build');
    const variables = [`O=${build}`, `SLM_MODEL=${model('Q8_0')}`];
    execFileSync('make', ['-s', '-C', referenceKernel, ...variables], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const profile = PROFILES.x86_64;
    const image = join(build, 'kernel.elf');
    const machine = {
      profile,
      image,
      boot: 'kernel',
      accel: 'tcg',
      cmdline: 'slm=neural',
      memoryMb: 256,
    } as const;
    const chat = await KernelChat.start(machine);
    try {
      assert.match(chat.greeting, /\[SLM\] Loaded model: mini_3M/);
      assert.match(await chat.ask('what is 8086:100e'), /Looking that up[^]*82540EM/);
      assert.match(await chat.ask('what is dead:beef?'), /Looking that up[^]*not in my table/);
      assert.match(await chat.ask('which driver does 8086:100e need?'), /Looking for the driver\.[^]*e1000/);
      assert.match(await chat.ask('how much memory is free'), /Looking at the memory\.[^]*\d+ MB/);
      assert.match(await chat.ask('how many usb devices are there'), /Counting the devices/);
      assert.match(await chat.ask('who won the world cup'), /I am not sure what you mean/);
    } finally {
      await chat.stop();
    }
  });
});
