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

/** One conversation, in which lines go back to what was said before. */
const CONVERSATION: [string, RegExp][] = [
  ['what is 8086:100e', /82540EM/],
  ['what is dead:beef?', /not in my table/],
  ['which driver does fffe:0001 need', /not in my table/],
  ['is there a network card?', /82540EM|no network/],
  ['get the ata_piix module going', /ata_piix/],
  ['is there a graphics card?', /1234:1111/],
  ['which driver does it need?', /bochs/],
  ['load it', /Plan:[^]*1\. Offer it/],
  ['yes', /Step 1 done/],
  ['no', /dropped/],
  ['turn on bluetooth', /has no Bluetooth/],
  ['my headphones are silent', /Check that the sound device has a driver[^]*no sound device/],
  ["I'd love to have httpd on here", /Plan:\n1\. Install web-style/],
  ['yes', /web-style is installed/],
  ['yes', /httpd is installed/],
  ['shut it down', /Plan:[^]*Switch the machine off/],
  ['how much memory is free', /MB are free/],
  ['yes', /no plan/],
  ['who won the world cup', /not sure what you mean/],
  ['who are you', /language model of this kernel/],
  ['model read "is there a network card?"', /together: HARDWARE_IDENTIFY/],
];

describe('the SLM that ships', function () {
  this.timeout(900_000);
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

  it('is computed by the kernel as by llama.cpp', async function () {
    const engine = await buildEngine(join(folder, 'host'));
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

  it('helps a booted kernel to answer, unless it is told otherwise', async () => {
    const { referenceKernel } = assets();
    const build = join(folder, 'build');
    execFileSync('make', ['-s', '-C', referenceKernel, `O=${build}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const image = join(build, 'kernel.elf');
    const machine = { profile: PROFILES.x86_64, image, boot: 'kernel', accel: 'tcg', memoryMb: 256 } as const;
    const chat = await KernelChat.start({ ...machine, cmdline: '' });
    try {
      assert.match(chat.greeting, /\[SLM\] Loaded model: mini_3M/);
      assert.match(chat.greeting, /\[SLM\] Backend: neural/);
      for (const [line, answer] of CONVERSATION) assert.match(await chat.ask(line), answer, line);
    } finally {
      await chat.stop();
    }
  });
});
