/** GGUF version 3: what its numbers mean. All of it is little endian. */

export const MAGIC = 0x46554747; // "GGUF"
export const VERSION = 3;
export const DEFAULT_ALIGNMENT = 32;

/** Types of values, in the order of their numbers. */
export const VALUE_TYPES = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  'array',
  'u64',
  'i64',
  'f64',
] as const;
export type ValueType = (typeof VALUE_TYPES)[number];
export type ItemType = Exclude<ValueType, 'array'>;

export type Item = number | bigint | boolean | string;
export type Value = { type: ItemType; value: Item } | { type: 'array'; of: ItemType; items: readonly Item[] };

/** How a type of tensor packs its values: so many in a block of so many bytes. */
export const TENSOR_TYPES = {
  F32: { id: 0, block: 1, bytes: 4 },
  F16: { id: 1, block: 1, bytes: 2 },
  Q4_0: { id: 2, block: 32, bytes: 18 },
  Q8_0: { id: 8, block: 32, bytes: 34 },
  Q4_K: { id: 12, block: 256, bytes: 144 },
  Q6_K: { id: 14, block: 256, bytes: 210 },
} as const;
export type TensorType = keyof typeof TENSOR_TYPES;

export interface Tensor {
  name: string;
  type: TensorType;
  /** The contiguous dimension first: [columns, rows]. */
  shape: readonly number[];
  /** Packed as `type` says. */
  data: Uint8Array;
}

/** Bytes of a tensor; throws when its rows are no whole blocks. */
export function tensorBytes(type: TensorType, shape: readonly number[]): number {
  const { block, bytes } = TENSOR_TYPES[type];
  const columns = shape[0] ?? 1;
  if (columns % block !== 0)
    throw new RangeError(`rows of ${columns} values are no whole blocks of ${block} (${type})`);
  return (shape.reduce((product, extent) => product * extent, 1) / block) * bytes;
}
