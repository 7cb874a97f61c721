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
  type TensorType,
  type Value,
  type ValueType,
} from './format.ts';

export interface GgufFile {
  keys: Map<string, Value>;
  /** Their data lies in the file's own bytes. */
  tensors: Tensor[];
}

/** What is wrong with a file; the message says it. */
export class GgufError extends Error {
  override name = 'GgufError';
}

/** Reads a whole GGUF file. The file is not trusted. @throws GgufError */
export function readGguf(file: Uint8Array): GgufFile {
  const input = new Input(file);
  if (file.length < 4 || input.u32() !== MAGIC) throw new GgufError('this is no GGUF file');
  const version = input.u32();
  if (version !== VERSION) throw new GgufError(`this is version ${version} of GGUF, not ${VERSION}`);
  const tensorCount = input.count(32);
  const keyCount = input.count(13);
  const keys = new Map<string, Value>();
  for (let i = 0; i < keyCount; i++) {
    const name = input.string();
    if (keys.has(name)) throw new GgufError(`key ${name} is there twice`);
    keys.set(name, input.value());
  }
  const infos = Array.from({ length: tensorCount }, () => tensorInfo(input));
  const alignment = keys.get('general.alignment');
  const unit = alignment && alignment.type !== 'array' ? Number(alignment.value) : DEFAULT_ALIGNMENT;
  if (!Number.isInteger(unit) || unit < 1) throw new GgufError('general.alignment is no positive number');
  const start = Math.ceil(input.at / unit) * unit;
  const tensors = infos.map(({ offset, ...info }) => {
    const bytes = tensorBytes(info.type, info.shape);
    if (start + offset + bytes > file.length)
      throw new GgufError(`the file is truncated: tensor ${info.name} lies behind its end`);
    return { ...info, data: file.subarray(start + offset, start + offset + bytes) };
  });
  return { keys, tensors };
}

function tensorInfo(input: Input): Omit<Tensor, 'data'> & { offset: number } {
  const name = input.string();
  const dimensions = input.u32();
  if (dimensions < 1 || dimensions > 4) throw new GgufError(`tensor ${name} has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => input.u64());
  const id = input.u32();
  const offset = input.u64();
  const found = Object.entries(TENSOR_TYPES).find(([, format]) => format.id === id);
  if (!found) throw new GgufError(`tensor ${name} has the type ${id}, which is not supported`);
  const type = found[0] as TensorType;
  if ((shape[0] ?? 0) % TENSOR_TYPES[type].block !== 0)
    throw new GgufError(`tensor ${name}: its rows are no whole blocks of ${type}`);
  return { name, type, shape, offset };
}

class Input {
  at = 0;
  private readonly view: DataView;
  private readonly file: Uint8Array;

  constructor(file: Uint8Array) {
    this.file = file;
    this.view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  u64(): number {
    const value = this.view.getBigUint64(this.take(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new GgufError('a number is too large');
    return Number(value);
  }

  /** A number of things that take at least `bytes` each. */
  count(bytes: number): number {
    const count = this.u64();
    if (count > (this.file.length - this.at) / bytes)
      throw new GgufError(`the file is truncated: ${count} entries do not fit into it`);
    return count;
  }

  string(): string {
    const length = this.u64();
    const start = this.take(length);
    return new TextDecoder().decode(this.file.subarray(start, start + length));
  }

  value(): Value {
    const type = this.type();
    if (type !== 'array') return { type, value: this.item(type) };
    const of = this.type();
    if (of === 'array') throw new GgufError('arrays of arrays are not supported');
    const count = this.count(1);
    return { type, of, items: Array.from({ length: count }, () => this.item(of)) };
  }

  private type(): ValueType {
    const id = this.u32();
    const type = VALUE_TYPES[id];
    if (!type) throw new GgufError(`a value has the unknown type ${id}`);
    return type;
  }

  private item(type: ItemType): Item {
    const { view } = this;
    const read: Record<ItemType, () => Item> = {
      u8: () => view.getUint8(this.take(1)),
      i8: () => view.getInt8(this.take(1)),
      bool: () => view.getUint8(this.take(1)) !== 0,
      u16: () => view.getUint16(this.take(2), true),
      i16: () => view.getInt16(this.take(2), true),
      u32: () => this.u32(),
      i32: () => view.getInt32(this.take(4), true),
      f32: () => view.getFloat32(this.take(4), true),
      u64: () => view.getBigUint64(this.take(8), true),
      i64: () => view.getBigInt64(this.take(8), true),
      f64: () => view.getFloat64(this.take(8), true),
      string: () => this.string(),
    };
    return read[type]();
  }

  /** Where the next `bytes` bytes start. */
  private take(bytes: number): number {
    if (bytes > this.file.length - this.at) throw new GgufError('the file is truncated');
    this.at += bytes;
    return this.at - bytes;
  }
}
