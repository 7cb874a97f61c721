import {
  DEFAULT_ALIGNMENT,
  MAGIC,
  TENSOR_TYPES,
  tensorBytes,
  VALUE_TYPES,
  VERSION,
  type Item,
  type ItemType,
  type Tensor,
  type Value,
} from './format.ts';

/** A GGUF file of these keys and tensors, in this order. */
export function writeGguf(keys: ReadonlyMap<string, Value>, tensors: readonly Tensor[]): Uint8Array {
  const header = new Output();
  header.number('u32', MAGIC);
  header.number('u32', VERSION);
  header.number('u64', tensors.length);
  header.number('u64', keys.size);
  for (const [name, value] of keys) {
    header.string(name);
    header.value(value);
  }
  let offset = 0;
  for (const { name, type, shape, data } of tensors) {
    const bytes = tensorBytes(type, shape);
    if (data.length !== bytes) throw new RangeError(`tensor ${name} has ${data.length} bytes, not ${bytes}`);
    header.string(name);
    header.number('u32', shape.length);
    for (const extent of shape) header.number('u64', extent);
    header.number('u32', TENSOR_TYPES[type].id);
    header.number('u64', offset);
    offset = aligned(offset + bytes);
  }
  const start = aligned(header.length);
  const file = new Uint8Array(start + offset);
  file.set(header.bytes());
  let at = start;
  for (const { data } of tensors) {
    file.set(data, at);
    at = aligned(at + data.length);
  }
  return file;
}

const aligned = (n: number) => Math.ceil(n / DEFAULT_ALIGNMENT) * DEFAULT_ALIGNMENT;

/** Bytes that grow. */
class Output {
  length = 0;
  private buffer = new Uint8Array(4096);
  private view = new DataView(this.buffer.buffer);

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  number(type: Exclude<ItemType, 'string'>, value: number | bigint | boolean): void {
    const at = this.grow(8);
    const { view } = this;
    const n = Number(value);
    const write: Record<typeof type, () => number> = {
      u8: () => (view.setUint8(at, n), 1),
      i8: () => (view.setInt8(at, n), 1),
      bool: () => (view.setUint8(at, value ? 1 : 0), 1),
      u16: () => (view.setUint16(at, n, true), 2),
      i16: () => (view.setInt16(at, n, true), 2),
      u32: () => (view.setUint32(at, n, true), 4),
      i32: () => (view.setInt32(at, n, true), 4),
      f32: () => (view.setFloat32(at, n, true), 4),
      u64: () => (view.setBigUint64(at, BigInt(value), true), 8),
      i64: () => (view.setBigInt64(at, BigInt(value), true), 8),
      f64: () => (view.setFloat64(at, n, true), 8),
    };
    this.length += write[type]();
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.number('u64', bytes.length);
    const at = this.grow(bytes.length); // which may put another buffer in place
    this.buffer.set(bytes, at);
    this.length += bytes.length;
  }

  value(value: Value): void {
    this.number('u32', VALUE_TYPES.indexOf(value.type));
    if (value.type !== 'array') {
      this.item(value.type, value.value);
      return;
    }
    this.number('u32', VALUE_TYPES.indexOf(value.of));
    this.number('u64', value.items.length);
    for (const item of value.items) this.item(value.of, item);
  }

  private item(type: ItemType, item: Item): void {
    if (type === 'string') this.string(String(item));
    else if (typeof item === 'string') throw new TypeError(`"${item}" is no ${type}`);
    else this.number(type, item);
  }

  /** Room for so many bytes; where they start. */
  private grow(bytes: number): number {
    if (this.length + bytes > this.buffer.length) {
      const larger = new Uint8Array(2 * (this.length + bytes));
      larger.set(this.bytes());
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    }
    return this.length;
  }
}
