import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Tensor, Value } from '../../../src/slm/gguf/format.ts';
import { halfBits, halfValue, packValues } from '../../../src/slm/gguf/pack.ts';
import { GgufError, readGguf } from '../../../src/slm/gguf/reader.ts';
import { writeGguf } from '../../../src/slm/gguf/writer.ts';

const KEYS = new Map<string, Value>([
  ['general.architecture', { type: 'string', value: 'llama' }],
  ['small', { type: 'i8', value: -3 }],
  ['large', { type: 'u64', value: 2n ** 63n }],
  ['half', { type: 'f32', value: 0.5 }],
  ['yes', { type: 'bool', value: true }],
  ['words', { type: 'array', of: 'string', items: ['a', 'ß', '▁the', ''] }],
  ['numbers', { type: 'array', of: 'f64', items: [1, 2.5] }],
]);
const TENSORS: Tensor[] = [
  { name: 'a', type: 'F32', shape: [3, 2], data: packValues('F32', Float32Array.of(1, 2, 3, 4, 5, 6)) },
  { name: 'b', type: 'Q8_0', shape: [32], data: packValues('Q8_0', new Float32Array(32).fill(-0.25)) },
];

describe('GGUF files', () => {
  it('are read as they were written', () => {
    const file = readGguf(writeGguf(KEYS, TENSORS));
    assert.deepEqual(file.keys, KEYS);
    assert.deepEqual(
      file.tensors.map((tensor) => ({ ...tensor, data: [...tensor.data] })),
      TENSORS.map((tensor) => ({ ...tensor, data: [...tensor.data] })),
    );
  });

  it('with a long list make room for it', () => {
    const items = Array.from({ length: 20_000 }, (_, i) => `token ${i}`);
    const keys = new Map<string, Value>([['tokens', { type: 'array', of: 'string', items }]]);
    assert.deepEqual(readGguf(writeGguf(keys, [])).keys, keys);
  });

  it('that end too early are refused, wherever that is', () => {
    const bytes = writeGguf(KEYS, TENSORS);
    const data = 32 + 34; // of the tensors; behind them only alignment
    for (let end = 0; end <= bytes.length - data; end++)
      assert.throws(() => readGguf(bytes.subarray(0, end)), GgufError, `${end} of ${bytes.length} bytes`);
  });

  it('are not written when a tensor has another size than its shape', () => {
    const [tensor] = TENSORS as [Tensor];
    assert.throws(
      () => writeGguf(new Map(), [{ ...tensor, shape: [4, 2] }]),
      /tensor a has 24 bytes, not 32/,
    );
    assert.throws(() => writeGguf(new Map(), [{ ...tensor, type: 'Q4_0' }]), /no whole blocks of 32/);
  });
});

describe('packed values', () => {
  it('as halves are the nearest, ties to even', () => {
    for (let bits = 0; bits < 0x7c00; bits += 7) assert.equal(halfBits(halfValue(bits)), bits);
    assert.equal(halfBits(65520), 0x7c00);
    assert.equal(halfBits(1 + 2 ** -11), 0x3c00);
    assert.equal(halfBits(1 + 3 * 2 ** -11), 0x3c02);
    assert.equal(halfBits(-(2 ** -24)), 0x8001);
    assert.equal(halfBits(2 ** -25), 0);
  });

  it('in blocks keep the largest value and zero', () => {
    const values = Float32Array.from({ length: 32 }, (_, i) => (i - 16) / 16);
    const q8 = new DataView(packValues('Q8_0', values).buffer);
    assert.equal(q8.getInt8(2), -127);
    assert.equal(q8.getInt8(2 + 16), 0);
    const q4 = packValues('Q4_0', values);
    assert.equal((q4[2] ?? 0) & 15, 0); // -8 steps: the value of largest magnitude
    assert.equal((q4[2] ?? 0) >> 4, 8); // none: zero
    assert.deepEqual(packValues('Q4_0', new Float32Array(32)).slice(2), new Uint8Array(16).fill(0x88));
  });
});
