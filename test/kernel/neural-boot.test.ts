import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptanceFile, assets } from '../../src/config/assets.ts';
import { PROFILES, type ArchitectureProfile } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { findProgram } from '../../src/kernel/toolchain.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { loadAcceptanceTests } from '../../src/validation/acceptance.ts';
import { validateBoot } from '../../src/validation/boot.ts';
import { buildReference } from './build.ts';
import { buildEngine, type Engine } from './neural/engines.ts';
import { modelFile, type Shape } from './neural/models.ts';

const { specFolder } = assets();
const SHAPE: Shape = {
  dim: 128,
  layers: 5,
  heads: 4,
  kvHeads: 2,
  ffn: 384,
  vocab: 2048,
  type: 'Q8_0',
  tied: true,
};
const PROMPT = 'the driver for the disk';

describe('a kernel with a model in it', function () {
  this.timeout(900_000);
  let folder: string;
  let engine: Engine;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auton-neural-'));
    engine = await buildEngine(join(folder, 'host'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A kernel around this file, or around none; they share all objects but the model's. */
  function build(model?: Uint8Array, architecture: Architecture = 'x86_64'): Promise<string> {
    const file = join(folder, 'model.gguf');
    if (model) writeFileSync(file, model);
    return buildReference(architecture, join(folder, architecture), {
      variables: [`SLM_MODEL=${model ? file : ''}`],
    });
  }

  async function talk(
    image: string,
    cmdline: string,
    use: (chat: KernelChat) => Promise<void>,
    memoryMb = 256,
    profile = PROFILES.x86_64,
  ) {
    const chat = await KernelChat.start({ profile, image, boot: 'kernel', accel: 'tcg', cmdline, memoryMb });
    try {
      await use(chat);
    } finally {
      await chat.stop();
    }
  }

  it('passes the acceptance test of the backend, and its self-tests', async () => {
    const kernel = await build(modelFile({ ...SHAPE, labels: true }));
    const tests = loadAcceptanceTests(acceptanceFile(specFolder)).filter(
      ({ name }) => name === 'slm_neural_init',
    );
    assert.equal(tests.length, 1);
    const options = {
      kernel,
      architecture: 'x86_64',
      tests,
      accel: 'tcg',
      timeoutMs: 250_000,
      memoryMb: 256,
    } as const;
    const booted = await validateBoot({ ...options, runFolder: folder });
    assert.ok(booted.passed, booted.summary + (booted.tail ?? ''));
    await talk(kernel, 'slm=neural test=slm_neural', async ({ greeting }) => {
      assert.match(greeting, /\[SLM\] Backend: neural/);
      assert.match(greeting, /\[SLM\] Loaded model: random/);
      assert.match(greeting, /\[TEST\] [3-9] run, 0 failed/);
    });
  });

  it('has it under the symbols slm_model_*, and grows by its size', async () => {
    const sizes: number[] = [];
    for (const model of [undefined, modelFile(SHAPE)]) {
      const kernel = await build(model);
      const symbols = execFileSync('nm', [kernel], { encoding: 'utf8' });
      const value = (name: string) =>
        BigInt(`0x${new RegExp(`(\\w+) . ${name}\n`).exec(symbols)?.[1] ?? ''}`);
      assert.equal(value('slm_model_end') - value('slm_model_start'), value('slm_model_size'));
      assert.equal(value('slm_model_size'), BigInt(model?.length ?? 0));
      sizes.push(statSync(kernel).size);
    }
    const grown = (sizes[1] ?? 0) - (sizes[0] ?? 0);
    assert.ok(Math.abs(grown - modelFile(SHAPE).length) < 0.05 * modelFile(SHAPE).length, `${grown} bytes`);
  });

  for (const profile of Object.values(PROFILES)) {
    it(`continues a text with the same tokens as the engine on this machine, on ${profile.name}`, async function () {
      if (![profile.gcc, profile.qemu].every((tool) => findProgram(tool))) {
        console.log(`      skipped: ${profile.gcc} or ${profile.qemu} is not installed`);
        this.skip();
      }
      await continuesAlike(profile);
    });
  }

  async function continuesAlike(profile: ArchitectureProfile) {
    const kernel = await build(modelFile(SHAPE), profile.name);
    const [ids = []] = engine.tokenize(join(folder, 'model.gguf'), [PROMPT]);
    const expected = engine
      .with({ NEURAL_ISA: 'scalar' })
      .greedy(join(folder, 'model.gguf'), 16, [1, ...ids]);
    const use = async (chat: KernelChat) => {
      assert.match(chat.greeting, /\[TEST\] [3-9] run, 0 failed/);
      const [, tokens = ''] = /tokens: ([\d ]+)/.exec(await chat.ask(`model continue ${PROMPT}`)) ?? [];
      assert.deepEqual(tokens.trim().split(' ').map(Number), expected);
    };
    await talk(kernel, 'slm=neural test=slm_neural', use, 256, profile);
  }

  it('answers with the facts of its tables, whatever the model thinks', async () => {
    await talk(await build(modelFile({ ...SHAPE, labels: true })), 'slm=neural', async (chat) => {
      assert.match(await chat.ask('which driver does 8086:100e need?'), /e1000/);
      assert.match(await chat.ask('what is dead:beef?'), /not in my table/i);
      assert.match(await chat.ask('switch this machine off'), /Plan:/);
      assert.match(await chat.ask('no'), /dropped/);
    });
  });

  it('falls back to the rules, and says why, without a model or with one that is no use', async () => {
    const broken = modelFile(SHAPE).subarray(0, 100_000);
    const damage = (kernel: string) => {
      const image = readFileSync(kernel);
      image[image.indexOf('GGUF\u0003') + 500_000]! ^= 1;
      writeFileSync(kernel, image);
    };
    const cases: [Uint8Array | undefined, string, number, RegExp, ((kernel: string) => void)?][] = [
      [undefined, 'slm=neural', 256, /no model is embedded in this kernel; the rules answer/],
      [broken, '', 256, /the file is truncated.*; the rules answer/],
      [modelFile(SHAPE), '', 256, /the embedded model is damaged.*; the rules answer/, damage],
      [modelFile(SHAPE), '', 64, /less than 128 MB of memory; the rules answer/],
      [
        modelFile({ ...SHAPE, layers: 60, head: 128, kvHeads: 4, type: 'Q4_0' }),
        '',
        130,
        /model needs \d+ KB.*; the rules answer/,
      ],
    ];
    for (const [model, cmdline, memoryMb, reason, change] of cases) {
      const use = async (chat: KernelChat) => {
        assert.match(chat.greeting, reason);
        assert.match(chat.greeting, /\[SLM\] Backend: rule-engine/);
        assert.doesNotMatch(chat.greeting, /Neural backend ready/);
        assert.match(await chat.ask('which driver does 8086:100e need?'), /e1000/);
      };
      const kernel = await build(model);
      change?.(kernel);
      await talk(kernel, cmdline, use, memoryMb);
    }
  });

  it('does not embed a file that is not the one of its manifest', async () => {
    writeFileSync(join(folder, 'model.gguf.json'), JSON.stringify({ sha256: '0'.repeat(64) }));
    try {
      await assert.rejects(() => build(modelFile(SHAPE)));
    } finally {
      rmSync(join(folder, 'model.gguf.json'));
    }
  });

  it('uses the rules when the command line says so', async () => {
    await talk(await build(modelFile(SHAPE)), 'slm=rules', async ({ greeting }) => {
      assert.match(greeting, /\[SLM\] Backend: rule-engine/);
      assert.doesNotMatch(greeting, /SLM: Loading/);
    });
  });
});
