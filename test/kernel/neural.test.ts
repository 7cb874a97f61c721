import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorType } from '../../src/slm/gguf/format.ts';
import {
  buildEngine,
  buildForAarch64,
  buildLlama,
  buildWithSimde,
  difference,
  type Engine,
} from './neural/engines.ts';
import { generator, modelFile, type Shape } from './neural/models.ts';

const SHAPES: Record<string, Shape> = {
  'one head': { dim: 32, layers: 1, heads: 1, kvHeads: 1, ffn: 48, vocab: 300 },
  'grouped heads, output of its own': { dim: 64, layers: 3, heads: 4, kvHeads: 2, ffn: 160, vocab: 700 },
  'seven heads for one': { dim: 84, layers: 2, heads: 7, kvHeads: 1, ffn: 100, vocab: 401, tied: true },
  'heads of their own size': { dim: 40, layers: 2, heads: 6, kvHeads: 3, head: 10, ffn: 33, vocab: 515 },
  'a long RoPE': { dim: 96, layers: 4, heads: 3, kvHeads: 3, ffn: 256, vocab: 999, ropeBase: 500000 },
  'deep and narrow': { dim: 32, layers: 12, heads: 4, kvHeads: 4, ffn: 64, vocab: 300, tied: true },
};
const BASE: Shape = { dim: 256, layers: 1, heads: 4, kvHeads: 2, ffn: 512, vocab: 400 };
const ISAS = ['scalar', 'lanes', 'avx2', 'avx512', 'neon', 'dotprod'];
/** Processors with and without the dot product. */
const AARCH64_CPUS = ['max', 'cortex-a53'];
const QUANTISED: TensorType[] = ['Q8_0', 'Q4_0', 'Q4_K', 'Q6_K'];

const TEXTS = [
  'the driver for my network card',
  ' two  spaces and a trailing one ',
  'naïve Straße 日本語 \u{1F600}',
  'e1000e?!\n\ttab\r\n\0nul',
  '',
  ' ',
  '<s>which</s><HARDWARE><0x41><unk>',
  '▁▁the▁driver',
  'installinstallinstall'.repeat(40),
  new Uint8Array([0xff, 0xfe, 0x80, 0x41, 0xe6, 0x97]),
  new Uint8Array([0xe6]),
];

/** Tokens that any of the vocabularies has. */
function someTokens(count: number, vocab: number): number[] {
  const { uniform } = generator(count);
  return Array.from({ length: count }, () => Math.floor(vocab * uniform()));
}

describe('the neural engine of the reference kernel, as a program', function () {
  this.timeout(900_000);
  let folder: string;
  let engine: Engine;
  let llama: Engine | string;
  /** Emulated ones of AArch64, by name. */
  let processors: Map<string, Engine>;
  /** Each instruction set of this machine and AVX-512 by name, and those of emulated processors, which take their time. */
  let isas: Map<string, Engine>;
  let emulated: Map<string, Engine>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auton-neural-'));
    engine = await buildEngine(join(folder, 'build'));
    llama = buildLlama(folder);
    if (typeof llama === 'string') console.log(`      without llama.cpp: ${llama}`);
    const aarch64 = await buildForAarch64(join(folder, 'aarch64'));
    if (typeof aarch64 === 'string') console.log(`      without the vectors of AArch64: ${aarch64}`);
    processors = new Map(typeof aarch64 === 'string' ? [] : AARCH64_CPUS.map((cpu) => [cpu, aarch64(cpu)]));
    isas = isasOf(engine);
    assert.ok(isas.has('scalar') && isas.has('lanes'));
    if (!isas.has('avx512')) {
      const simde = isas.has('avx2')
        ? await buildWithSimde(join(folder, 'simde'))
        : 'this machine has no AVX2';
      if (typeof simde === 'string') console.log(`      without AVX-512: ${simde}`);
      else isas.set('avx512', simde);
    }
    emulated = new Map();
    for (const [cpu, one] of processors)
      for (const [isa, chosen] of isasOf(one)) if (!isas.has(isa)) emulated.set(`${isa} of ${cpu}`, chosen);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function model(shape: Shape): string {
    const file = join(folder, 'model.gguf');
    writeFileSync(file, modelFile(shape));
    return file;
  }
  function peer(context: Mocha.Context): Engine {
    if (typeof llama === 'string') context.skip();
    return llama;
  }
  function isasOf(one: Engine): Map<string, Engine> {
    const probe = model(BASE);
    const all = ISAS.map((isa) => [isa, one.with({ NEURAL_ISA: isa })] as const);
    return new Map(all.filter(([, chosen]) => chosen.load(probe).startsWith('ok')));
  }
  const forEachIsa = (check: (isa: string, chosen: Engine) => void) => {
    for (const [isa, chosen] of isas) check(isa, chosen);
  };

  for (const [name, shape] of Object.entries(SHAPES)) {
    it(`gives llama.cpp's logits and tokens in F32: ${name}`, function () {
      const other = peer(this);
      const file = model(shape);
      const ids = someTokens(60, shape.vocab);
      const expected = other.logits(file, ids);
      const tokens = other.greedy(file, 30, ids.slice(0, 5));
      forEachIsa((isa, chosen) => {
        const { largest } = difference(chosen.logits(file, ids), expected);
        assert.ok(Math.max(...largest) <= 1e-5, `${isa}: ${Math.max(...largest)} of the spread`);
        assert.deepEqual(chosen.greedy(file, 30, ids.slice(0, 5)), tokens, isa);
      });
    });
  }

  it('gives llama.cpp’s logits in F16, but for its rounding of inputs to halves', function () {
    const other = peer(this);
    const file = model({ ...BASE, layers: 3, type: 'F16' });
    const ids = someTokens(40, BASE.vocab);
    const expected = other.logits(file, ids);
    forEachIsa((isa, chosen) => {
      const { largest, wrongChoices } = difference(chosen.logits(file, ids), expected);
      assert.ok(Math.max(...largest) <= 1e-2, `${isa}: ${Math.max(...largest)} of the spread`);
      assert.equal(wrongChoices, 0, isa);
    });
  });

  // Both round inputs to 8 bits in the same way, but an input on the edge between two of them may fall to either
  // side, and then what follows differs visibly: few positions may, on one layer.
  for (const type of QUANTISED) {
    it(`gives llama.cpp's logits in ${type} on one layer, where no input lies on an edge`, function () {
      const other = peer(this);
      for (const tied of [true, false]) {
        const file = model({ ...BASE, type, tied });
        const ids = someTokens(60, BASE.vocab);
        const expected = other.logits(file, ids);
        forEachIsa((isa, chosen) => {
          const { largest, wrongChoices } = difference(chosen.logits(file, ids), expected);
          const far = largest.filter((d) => !(d <= 1e-3));
          assert.ok(far.length <= 6, `${isa}: ${far.length} positions differ by ${far.join(' ')}`);
          assert.equal(wrongChoices, 0, isa);
        });
      }
    });

    it(`stays within 5e-2 of llama.cpp in ${type} on a whole model`, function () {
      const other = peer(this);
      const shape = { ...BASE, dim: 512, heads: 8, kvHeads: 2, layers: 6, ffn: 768, vocab: 1000, type };
      const file = model(shape);
      const ids = someTokens(40, shape.vocab);
      const expected = other.logits(file, ids);
      forEachIsa((isa, chosen) => {
        const { rms, wrongChoices } = difference(chosen.logits(file, ids), expected);
        assert.ok(Math.max(...rms) <= 5e-2, `${isa}: ${Math.max(...rms)} of the spread`);
        assert.equal(wrongChoices, 0, isa);
      });
    });
  }

  it('computes the same with every instruction set, whatever the shape', () => {
    const odd = { dim: 96, layers: 2, heads: 3, kvHeads: 1, ffn: 160, vocab: 333 };
    const models: Shape[] = [
      ...(['F32', 'F16'] as const).map((type) => ({ ...SHAPES['heads of their own size']!, type })),
      ...(['Q8_0', 'Q4_0'] as const).map((type) => ({ ...odd, type })),
      ...(['Q4_K', 'Q6_K'] as const).map((type) => ({ ...BASE, layers: 2, vocab: 333, type })),
    ];
    for (const shape of models) {
      const file = model(shape);
      const ids = someTokens(37, shape.vocab);
      const expected = engine.with({ NEURAL_ISA: 'scalar' }).logits(file, ids);
      for (const [isa, chosen] of [...isas, ...emulated]) {
        const { largest } = difference(chosen.logits(file, ids), expected);
        const far = largest.filter((d) => !(d <= 1e-3));
        assert.ok(far.length <= 4, `${shape.type} ${isa}: ${far.join(' ')}`);
      }
    }
  });

  it('finds out what a processor of AArch64 has, and takes the best', function () {
    if (processors.size === 0) this.skip();
    const file = model(BASE);
    const has = [...processors].map(([cpu, one]) => [
      cpu,
      [...isasOf(one).keys()],
      one.bench(file, 1, 1).isa,
    ]);
    assert.deepEqual(has, [
      ['max', ['scalar', 'lanes', 'neon', 'dotprod'], 'dotprod'],
      ['cortex-a53', ['scalar', 'lanes', 'neon'], 'neon'],
    ]);
  });

  it('gives the same logits for a prompt in batches as token by token', () => {
    const odd: Shape = { ...BASE, dim: 96, heads: 3, kvHeads: 1 };
    const shapes = [
      ...(['F32', ...QUANTISED] as TensorType[]).map((type) => ({ ...BASE, type })),
      // Where neighbouring tokens, which see different positions, are taken together.
      ...[odd, { ...odd, kvHeads: 3 }].map((shape) => ({ ...shape, type: 'F32' as const })),
    ];
    for (const { type, ...shape } of shapes) {
      const file = model({ ...shape, layers: 2, type });
      const inBatches = (count: number, batches: string[]) => (chosen: Engine, isa: string) => {
        const ids = someTokens(count, BASE.vocab);
        const single = chosen.logits(file, ids).slice(-1);
        for (const batch of batches) {
          const whole = chosen.with({ NEURAL_BATCH_SIZE: batch }).logits(file, ids, ids.length);
          const [largest = 1] = difference(whole, single).largest;
          const where = `${type} ${isa}, ${shape.heads} heads, ${shape.kvHeads} of keys, batch ${batch}`;
          assert.ok(largest <= (type === 'F32' ? 1e-5 : 5e-2), `${where}: ${largest}`);
        }
      };
      isas.forEach(inBatches(101, ['7', '32', '128']));
      emulated.forEach(inBatches(23, ['7', '32']));
    }
  });

  it('tokenises as llama.cpp does, byte for byte', function () {
    const other = peer(this);
    const file = model(SHAPES['grouped heads, output of its own'] as Shape);
    const { uniform } = generator(5);
    const alphabet = 'the driver for install which dis▁ k:0189?é';
    const random = Array.from({ length: 300 }, () =>
      Array.from(
        { length: 1 + Math.floor(60 * uniform()) },
        () => alphabet[Math.floor(alphabet.length * uniform())],
      ).join(''),
    );
    const texts = [...TEXTS, ...random].map((text) => Buffer.from(text));
    const [ours, theirs] = [engine.tokenize(file, texts), other.tokenize(file, texts)];
    for (const [i, text] of texts.entries())
      assert.deepEqual(ours[i], theirs[i], JSON.stringify(text.toString()));
  });

  it('gives back the text that was tokenised, whatever bytes it has', () => {
    const file = model(SHAPES['grouped heads, output of its own'] as Shape);
    for (const text of TEXTS.map((t) => Buffer.from(t)).filter((t) => t.length > 0)) {
      const [ids = []] = engine.tokenize(file, [text]);
      assert.ok(
        ids.every((id) => id > 3),
        'a text gives no unknown and no control token',
      );
      const back = Buffer.from(engine.run(['text', file, ...ids]).toString('latin1'), 'latin1');
      const spaced = Buffer.from(text.toString('latin1').replaceAll('\xe2\x96\x81', ' '), 'latin1');
      assert.deepEqual(back.subarray(1), spaced);
    }
  });

  it('draws the same tokens for the same seed, within top-k, top-p and what is allowed', () => {
    const file = model({ ...BASE, vocab: 600 });
    const sample = (temperature: number, topK: number, topP: number, seed: number, allowed = 0) =>
      engine.run(['sample', file, 60, temperature, topK, topP, seed, allowed, 1, 5, 9]).toString();
    const greedy = engine.run(['greedy', file, 60, 1, 5, 9]).toString();
    assert.equal(sample(0, 0, 0, 1), greedy);
    assert.equal(sample(100, 1, 0, 1), greedy);
    assert.equal(sample(100, 0, 1, 1), greedy);
    assert.equal(sample(100, 40, 90, 7), sample(100, 40, 90, 7));
    assert.notEqual(sample(100, 40, 90, 7), sample(100, 40, 90, 8));
    const bounded = sample(150, 0, 0, 3, 50).trim().split(' ').map(Number);
    assert.ok(bounded.every((token) => token < 50) && new Set(bounded).size > 10, bounded.join(' '));
  });

  it('says so when the context is full', () => {
    const file = model({ ...BASE, context: 32 });
    assert.throws(() => engine.logits(file, someTokens(33, 400)), /Command failed/);
    assert.equal(engine.logits(file, someTokens(32, 400)).length, 32);
  });
});
