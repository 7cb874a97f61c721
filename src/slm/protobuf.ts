/** As much of the wire format of Protocol Buffers as ONNX and SentencePiece files need. */

/** A field of a message: numbers are in `value`, all else in `bytes`. */
export interface Field {
  number: number;
  wire: 0 | 1 | 2 | 5;
  value: number;
  bytes: Uint8Array;
  /** The field with its tag, as it lies in the message. */
  whole: Uint8Array;
}

export class ProtobufError extends Error {
  override name = 'ProtobufError';
}

const NONE: Uint8Array = new Uint8Array(0);
const FIXED = { 1: 8, 5: 4 } as const;

/** The fields of a message in their order. @throws ProtobufError when it is cut off or no message. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw new ProtobufError('it is cut off');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('a number is too long');
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    let value = 0;
    let bytes = NONE;
    if (wire === 0) value = varint();
    else if (wire === 1 || wire === 2 || wire === 5) {
      const length = wire === 2 ? varint() : FIXED[wire];
      if (length > message.length - at) throw new ProtobufError('it is cut off');
      bytes = message.subarray(at, at + length);
      at += length;
    } else throw new ProtobufError(`a field has the unknown type ${wire}`);
    yield { number, wire, value, bytes, whole: message.subarray(start, at) };
  }
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export function floatOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(0, true);
}

/** A field that holds a number, as bytes of a message. */
export function numberField(number: number, value: number): Uint8Array {
  return concat([varintOf(number * 8), varintOf(value)]);
}

/** A field that holds bytes, text or another message. */
export function bytesField(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return concat([varintOf(number * 8 + 2), varintOf(bytes.length), bytes]);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function varintOf(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
