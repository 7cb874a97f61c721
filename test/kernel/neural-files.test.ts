import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../src/config/assets.ts';
import type { Value } from '../../src/slm/gguf/format.ts';
import { writeGguf } from '../../src/slm/gguf/writer.ts';
import { buildEngine, buildFuzzer, type Engine } from './neural/engines.ts';
import { randomModel, type RandomModel, type Shape } from './neural/models.ts';

const SHAPE: Shape = { dim: 32, layers: 2, heads: 4, kvHeads: 2, ffn: 64, vocab: 320, context: 32 };

/** A change to a good model, and the reason that the loader must give. */
const BROKEN: [string, (model: RandomModel) => void, RegExp][] = [
  ['another architecture', key('general.architecture', string('gpt2')), /architecture is gpt2, not llama/],
  ['no architecture', without('general.architecture'), /general\.architecture is missing/],
  ['no length', without('llama.context_length'), /llama\.context_length is missing/],
  ['no layers', key('llama.block_count', u32(0)), /llama\.block_count is no whole number/],
  ['more layers than it has', key('llama.block_count', u32(3)), /blk\.2\.attn_norm\.weight is missing/],
  ['fewer layers than it has', key('llama.block_count', u32(1)), /tensor blk\.1\.\S+ is none of a Llama/],
  ['a layer count that overflows', key('llama.block_count', u32(0xffffffff)), /no whole number from 1/],
  ['a negative length', key('llama.context_length', { type: 'i32', value: -5 }), /no whole number/],
  ['a length in words', key('llama.context_length', string('long')), /no whole number/],
  ['head counts by layer', key('llama.attention.head_count', list('u32', [4, 4])), /each layer/],
  ['heads that share badly', key('llama.attention.head_count_kv', u32(3)), /4 heads cannot share 3/],
  ['heads that do not divide', key('llama.attention.head_count', u32(6)), /6 heads do not divide 32/],
  [
    'another feed-forward',
    key('llama.feed_forward_length', u32(96)),
    /ffn_gate\.weight is 32 x 64, not 32 x 96/,
  ],
  [
    'another dimension',
    (model) => {
      key('llama.embedding_length', u32(64))(model);
      key('llama.attention.head_count', u32(8))(model);
    },
    /token_embd\.weight is 32 x 320, not 64 x 320/,
  ],
  ['half a RoPE', key('llama.rope.dimension_count', u32(4)), /RoPE over 4 of 8/],
  ['scaled RoPE', key('llama.rope.scaling.type', string('yarn')), /scaled RoPE/],
  ['experts', key('llama.expert_count', u32(8)), /experts/],
  ['no epsilon', without('llama.attention.layer_norm_rms_epsilon'), /rms_epsilon is missing/],
  ['another tokenizer', key('tokenizer.ggml.model', string('gpt2')), /tokenizer is not SentencePiece/],
  ['no tokens', without('tokenizer.ggml.tokens'), /tokenizer\.ggml\.tokens is missing/],
  [
    'fewer scores',
    key('tokenizer.ggml.scores', list('f32', [1, 2])),
    /scores does not have one number for each/,
  ],
  ['no kinds of tokens', without('tokenizer.ggml.token_type'), /token_type does not have one/],
  ['an end that is no token', key('tokenizer.ggml.eos_token_id', u32(5000)), /eos_token_id is no token/],
  ['an odd alignment', key('general.alignment', u32(24)), /alignment is no power of two/],
  ['a missing tensor', drop('blk.1.ffn_down.weight'), /blk\.1\.ffn_down\.weight is missing/],
  ['no embedding', drop('token_embd.weight'), /token_embd\.weight is missing/],
  ['a tensor twice', ({ tensors }) => tensors.push(...tensors.slice(3, 4)), /is there twice/],
  [
    'a tensor that Llama has not',
    rename('output.weight', 'rope_freqs.weight'),
    /rope_freqs\.weight is none of/,
  ],
];

function key(name: string, value: Value) {
  return ({ keys }: RandomModel) => void keys.set(name, value);
}
function without(name: string) {
  return ({ keys }: RandomModel) => void keys.delete(name);
}
function drop(name: string) {
  return ({ tensors }: RandomModel) => {
    tensors.splice(
      tensors.findIndex((tensor) => tensor.name === name),
      1,
    );
  };
}
function rename(from: string, to: string) {
  return ({ tensors }: RandomModel) => {
    for (const tensor of tensors) if (tensor.name === from) tensor.name = to;
  };
}
function u32(value: number): Value {
  return { type: 'u32', value };
}
function string(value: string): Value {
  return { type: 'string', value };
}
function list(of: 'u32' | 'f32', items: number[]): Value {
  return { type: 'array', of, items };
}

describe('model files that the neural engine must refuse', function () {
  this.timeout(900_000);
  let folder: string;
  let engine: Engine;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auton-neural-'));
    engine = await buildEngine(join(folder, 'build'), { checks: true });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const good = () => {
    const { keys, tensors } = randomModel(SHAPE);
    return writeGguf(keys, tensors);
  };
  const load = (bytes: Uint8Array) => {
    const file = join(folder, 'model.gguf');
    writeFileSync(file, bytes);
    return engine.load(file);
  };
  const patched = (change: (view: DataView) => void) => {
    const bytes = good();
    change(new DataView(bytes.buffer, bytes.byteOffset));
    return load(bytes);
  };

  it('takes the model that the others are made from', () => assert.equal(load(good()), 'ok: random'));

  for (const [what, breakIt, reason] of BROKEN) {
    it(`refuses ${what}`, () => {
      const model = randomModel(SHAPE);
      breakIt(model);
      const answer = load(writeGguf(model.keys, model.tensors));
      assert.match(answer, /^refused: /);
      assert.match(answer, reason);
    });
  }

  it('refuses a file that ends anywhere too early', () => {
    const bytes = good();
    const ends = [0, 3, 23, 24, 40, 100, 1000, 5000, 9000, bytes.length - 33];
    for (const end of ends)
      assert.match(load(bytes.subarray(0, end)), /^refused: .*(truncated|no GGUF)/, `${end} bytes`);
  });

  it('refuses other versions, and counts, lengths and offsets that overflow', () => {
    assert.match(
      patched((view) => view.setUint8(0, 0x67)),
      /no GGUF file/,
    );
    assert.match(
      patched((view) => view.setUint32(4, 2, true)),
      /version 2 of GGUF/,
    );
    for (const at of [8, 16, 24])
      for (const value of [0xffffffffffffffffn, 0x8000000000000000n, 0xffffffffn])
        assert.match(
          patched((view) => view.setBigUint64(at, value, true)),
          /^refused: /,
          `${value} at ${at}`,
        );
    const bytes = good();
    const description = Buffer.from(bytes).indexOf('token_embd.weight') + 'token_embd.weight'.length;
    const fields: [number, bigint, RegExp][] = [
      [4, 0xffffffffffffffe0n, /impossible shape/],
      [4, 0x40000000n, /truncated/],
      [12, 0n, /impossible shape/],
      [24, 0xffffffffffffffe0n, /truncated/],
      [24, 7n, /not aligned/],
    ];
    for (const [at, value, reason] of fields)
      assert.match(
        patched((view) => view.setBigUint64(description + at, value, true)),
        reason,
      );
    assert.match(
      patched((view) => view.setUint32(description + 20, 99, true)),
      /type 99, which is not supported/,
    );
  });

  it('differ from a good one in the sum that the kernel checks', () => {
    const program = join(folder, 'sum');
    const include = join(assets().referenceKernel, 'slm_model');
    const source = join(import.meta.dirname, 'neural/sum.c');
    execFileSync('cc', ['-std=gnu11', '-O2', `-I${include}`, '-o', program, source]);
    assert.equal(execFileSync(program, { encoding: 'utf8' }), '');
  });

  it('survives thousands of files with random changes', async () => {
    const program = await buildFuzzer(join(folder, 'build'));
    const file = join(folder, 'seed.gguf');
    writeFileSync(file, good());
    const { status, stderr } = spawnSync(program, [file, '5000', '1'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr.slice(0, 4000));
  });

  it('builds as a target of libFuzzer', async function () {
    const check = spawnSync('clang', ['-fsanitize=fuzzer', '-x', 'c', '-', '-o', join(folder, 'probe')], {
      input:
        '#include <stddef.h>\n#include <stdint.h>\nint LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) { return !d && n; }',
    });
    if (check.status !== 0) {
      console.log('      skipped: this clang has no libFuzzer');
      this.skip();
    }
    const program = await buildFuzzer(join(folder, 'fuzzer'), { libFuzzer: true });
    const file = join(folder, 'seed.gguf');
    writeFileSync(file, good());
    execFileSync(program, ['-runs=200', file], { stdio: 'pipe' });
  });
});
