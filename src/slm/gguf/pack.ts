/** Numbers as a tensor packs them: halves, and blocks of small integers that share a scale (round to nearest). */
import { tensorBytes, TENSOR_TYPES, type TensorType } from './format.ts';

const scratch = new DataView(new ArrayBuffer(4));

/** The nearest half, ties to even. */
export function halfBits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    scratch.setUint32(0, magnitude);
    const steps = scratch.getFloat32(0) * 2 ** 24;
    const below = Math.floor(steps);
    const rest = steps - below;
    return sign | (below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0));
  }
  return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
}

export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + mantissa / 1024) * 2 ** (exponent - 15) : mantissa * 2 ** -24);
}

/** Packs floats as F32, F16, Q8_0 or Q4_0; rows must be whole blocks. */
export function packValues(type: Exclude<TensorType, 'Q4_K' | 'Q6_K'>, values: Float32Array): Uint8Array {
  const { block, bytes } = TENSOR_TYPES[type];
  const data = new Uint8Array(tensorBytes(type, [values.length]));
  const view = new DataView(data.buffer);
  for (let i = 0, at = 0; i < values.length; i += block, at += bytes) {
    if (type === 'F32') view.setFloat32(at, values[i] ?? 0, true);
    else if (type === 'F16') view.setUint16(at, halfBits(values[i] ?? 0), true);
    else (type === 'Q8_0' ? packQ8 : packQ4)(values.subarray(i, i + block), view, at);
  }
  return data;
}

function packQ8(values: Float32Array, out: DataView, at: number): void {
  const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127;
  out.setUint16(at, halfBits(scale), true);
  for (const [i, value] of values.entries()) out.setInt8(at + 2 + i, scale ? Math.round(value / scale) : 0);
}

/** The value with the largest magnitude becomes -8. */
function packQ4(values: Float32Array, out: DataView, at: number): void {
  const largest = values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  const scale = largest / -8;
  const quant = (i: number) =>
    scale ? Math.min(15, Math.max(0, Math.floor((values[i] ?? 0) / scale + 8.5))) : 8;
  out.setUint16(at, halfBits(scale), true);
  for (let i = 0; i < 16; i++) out.setUint8(at + 2 + i, quant(i) | (quant(i + 16) << 4));
}
