/** Random Llama models as GGUF files: any shape, any packing, and a vocabulary that real texts fall apart into. */
import type { Tensor, TensorType, Value } from '../../../src/slm/gguf/format.ts';
import { halfBits, packValues } from '../../../src/slm/gguf/pack.ts';
import { TENSOR_TYPES, tensorBytes } from '../../../src/slm/gguf/format.ts';
import { writeGguf } from '../../../src/slm/gguf/writer.ts';

export interface Shape {
  dim: number;
  layers: number;
  heads: number;
  kvHeads: number;
  ffn: number;
  vocab: number;
  /** Size of a head where it is not dim / heads. */
  head?: number;
  ropeBase?: number;
  context?: number;
  /** The output is the embedding. */
  tied?: boolean;
  type?: TensorType;
  /** Of the output, where it differs. */
  outputType?: TensorType;
  /** With the control tokens of the kernel's own models. */
  labels?: boolean;
  seed?: number;
  /** Weights of any bytes, which are made faster: only good for measuring. */
  coarse?: boolean;
}

export interface RandomModel {
  keys: Map<string, Value>;
  tensors: Tensor[];
}

/** Numbers of a normal distribution, the same for the same seed. */
export function generator(seed: number): { uniform: () => number; normal: () => number } {
  let state = (seed * 2654435761 + 1) >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

export function randomModel(shape: Shape): RandomModel {
  const {
    dim,
    layers,
    heads,
    kvHeads,
    ffn,
    vocab,
    type = 'F32',
    tied = false,
    seed = 1,
    coarse = false,
  } = shape;
  const head = shape.head ?? dim / heads;
  const random = generator(seed);
  const matrix = (name: string, columns: number, rows: number, as: TensorType = type): Tensor => ({
    name,
    type: as,
    shape: [columns, rows],
    data: coarse ? coarseData(as, columns, rows) : randomData(as, columns, rows, random),
  });
  const vector = (name: string): Tensor => ({
    name,
    type: 'F32',
    shape: [dim],
    data: packValues(
      'F32',
      Float32Array.from({ length: dim }, () => 1 + 0.2 * random.normal()),
    ),
  });
  const tensors = [matrix('token_embd.weight', dim, vocab), vector('output_norm.weight')];
  if (!tied) tensors.push(matrix('output.weight', dim, vocab, shape.outputType ?? type));
  for (let i = 0; i < layers; i++) {
    const layer = (name: string) => `blk.${i}.${name}.weight`;
    tensors.push(
      vector(layer('attn_norm')),
      matrix(layer('attn_q'), dim, heads * head),
      matrix(layer('attn_k'), dim, kvHeads * head),
      matrix(layer('attn_v'), dim, kvHeads * head),
      matrix(layer('attn_output'), heads * head, dim),
      vector(layer('ffn_norm')),
      matrix(layer('ffn_gate'), dim, ffn),
      matrix(layer('ffn_up'), dim, ffn),
      matrix(layer('ffn_down'), ffn, dim),
    );
  }
  const u32 = (value: number): Value => ({ type: 'u32', value });
  const f32 = (value: number): Value => ({ type: 'f32', value });
  const keys = new Map<string, Value>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.name', { type: 'string', value: 'random' }],
    ['llama.context_length', u32(shape.context ?? 256)],
    ['llama.embedding_length', u32(dim)],
    ['llama.block_count', u32(layers)],
    ['llama.feed_forward_length', u32(ffn)],
    ['llama.attention.head_count', u32(heads)],
    ['llama.attention.head_count_kv', u32(kvHeads)],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
    ['llama.rope.dimension_count', u32(head)],
    ['llama.rope.freq_base', f32(shape.ropeBase ?? 10000)],
    ...(shape.head
      ? ([
          ['llama.attention.key_length', u32(shape.head)],
          ['llama.attention.value_length', u32(shape.head)],
        ] as const)
      : []),
    ...vocabulary(vocab, shape.labels ?? false, random),
  ]);
  return { keys, tensors };
}

export function modelFile(shape: Shape): Uint8Array {
  const { keys, tensors } = randomModel(shape);
  return writeGguf(keys, tensors);
}

/** Weights that keep the size of what they multiply. */
function randomData(type: TensorType, columns: number, rows: number, random: ReturnType<typeof generator>) {
  const sigma = 1 / Math.sqrt(columns);
  if (type !== 'Q4_K' && type !== 'Q6_K') {
    return packValues(
      type,
      Float32Array.from({ length: columns * rows }, () => sigma * random.normal()),
    );
  }
  // Any bytes are a valid block but for the scales: small ones, so that values come out as large as `sigma`.
  const data = new Uint8Array(tensorBytes(type, [columns, rows]));
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(256 * random.uniform());
  const view = new DataView(data.buffer);
  const blockBytes = tensorBytes(type, [256]);
  for (let at = 0; at < data.length; at += blockBytes) {
    if (type === 'Q4_K') {
      view.setUint16(at, halfBits((sigma * (0.5 + random.uniform())) / 200), true);
      view.setUint16(at + 2, halfBits((sigma * (0.5 + random.uniform())) / 25), true);
    } else {
      view.setUint16(at + 208, halfBits((sigma * (0.5 + random.uniform())) / 1200), true);
    }
  }
  return data;
}

/** Q8_0 and Q4_0 only. */
function coarseData(type: TensorType, columns: number, rows: number): Uint8Array {
  const data = new Uint8Array(tensorBytes(type, [columns, rows]));
  for (let at = 0; at < data.length; at += 65536) crypto.getRandomValues(data.subarray(at, at + 65536));
  const scale = halfBits(1 / Math.sqrt(columns) / (type === 'Q8_0' ? 74 : 4.6));
  for (let at = 0; at < data.length; at += TENSOR_TYPES[type].bytes) {
    data[at] = scale & 255;
    data[at + 1] = scale >> 8;
  }
  return data;
}

const INTENTS =
  'HARDWARE_IDENTIFY DRIVER_SELECT INSTALL_CONFIGURE APP_INSTALL SYSTEM_MANAGE TROUBLESHOOT OTHER SAY';
const LABELS = INTENTS.split(' ').map((name) => `<${name}>`);
const WORDS =
  'the driver for network card disk install what is which does device pci usb memory kernel e1000 ahci intel how much need';

/** Unknown, control and byte tokens, then characters and pieces of words with scores of which some are equal. */
function vocabulary(size: number, labels: boolean, random: ReturnType<typeof generator>): [string, Value][] {
  const tokens = ['<unk>', '<s>', '</s>', ...(labels ? LABELS : ['<HARDWARE>'])];
  const kinds: number[] = tokens.map((_, i) => (i === 0 ? 2 : 3));
  const scores = tokens.map(() => 0);
  for (let byte = 0; byte < 256 && tokens.length < size; byte++) {
    tokens.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    kinds.push(6);
    scores.push(0);
  }
  const seen = new Set(tokens);
  const add = (text: string, score: number) => {
    if (tokens.length >= size || seen.has(text)) return;
    seen.add(text);
    tokens.push(text);
    kinds.push(1);
    scores.push(score);
  };
  for (const character of '▁abcdefghijklmnopqrstuvwxyz0123456789:?.<s>/éß日')
    add(character, -20 - Math.floor(random.uniform() * 4));
  for (let length = 2; length <= 8; length++) {
    for (const word of WORDS.split(' ').map((text) => `▁${text}`))
      for (let at = 0; at + length <= word.length; at++)
        add(word.slice(at, at + length), -Math.floor(random.uniform() * 8));
  }
  for (let i = 0; tokens.length < size; i++) add(`piece${i}`, -15);
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'llama' }],
    ['tokenizer.ggml.tokens', { type: 'array', of: 'string', items: tokens }],
    ['tokenizer.ggml.scores', { type: 'array', of: 'f32', items: scores }],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'i32', items: kinds }],
    ['tokenizer.ggml.bos_token_id', { type: 'u32', value: 1 }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: 2 }],
    ['tokenizer.ggml.unknown_token_id', { type: 'u32', value: 0 }],
    ['tokenizer.ggml.add_space_prefix', { type: 'bool', value: true }],
  ];
}
