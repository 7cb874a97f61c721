import { halfBits } from '../gguf/pack.ts';
import { bytesField, concat, fieldsOf, numberField, textOf } from '../protobuf.ts';

/** Numbers of fields and types in ONNX's schema. */
const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5 } as const;
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9 } as const;
const TYPE = { float: 1, int8: 3, int64: 7, half: 10 } as const;
const BLOCK = 32;

interface Matrix {
  name: string;
  rows: number;
  columns: number;
  values: Float32Array;
}

/**
 * An ONNX file whose matrices are stored as Q8_0 stores them, signed bytes with one half as scale for each 32: a bit more
 * than a quarter of the size. The graph multiplies them out when it is loaded, so that it computes what it did, with the
 * rounded weights.
 */
export function packOnnx(file: Uint8Array): Uint8Array {
  const parts = [...fieldsOf(file)].map(({ number, bytes, whole }) =>
    number === MODEL_GRAPH ? bytesField(MODEL_GRAPH, packGraph(bytes)) : whole,
  );
  return concat(parts);
}

function packGraph(graph: Uint8Array): Uint8Array {
  const unpacking: Uint8Array[] = [];
  const rest: Uint8Array[] = [];
  for (const { number, bytes, whole } of fieldsOf(graph)) {
    const matrix = number === GRAPH.initializer ? matrixOf(bytes) : null;
    if (!matrix) {
      rest.push(whole);
      continue;
    }
    rest.push(...packed(matrix).map((tensor) => bytesField(GRAPH.initializer, tensor)));
    unpacking.push(...unpack(matrix.name).map((node) => bytesField(GRAPH.node, node)));
  }
  return concat([...unpacking, ...rest]);
}

/** A float matrix whose rows are whole blocks; null for any other tensor. */
function matrixOf(tensor: Uint8Array): Matrix | null {
  const dims: number[] = [];
  let type = 0;
  let name = '';
  let raw: Uint8Array | null = null;
  for (const { number, wire, value, bytes } of fieldsOf(tensor)) {
    if (number === TENSOR.dims && wire === 0) dims.push(value);
    else if (number === TENSOR.type) type = value;
    else if (number === TENSOR.name) name = textOf(bytes);
    else if (number === TENSOR.raw) raw = bytes;
  }
  const [rows = 0, columns = 0] = dims;
  if (type !== TYPE.float || dims.length !== 2 || columns % BLOCK !== 0 || raw?.length !== rows * columns * 4)
    return null;
  return { name, rows, columns, values: new Float32Array(new Uint8Array(raw).buffer) };
}

function packed({ name, rows, columns, values }: Matrix): Uint8Array[] {
  const blocks = columns / BLOCK;
  const bytes = new Int8Array(values.length);
  const scales = new DataView(new ArrayBuffer(rows * blocks * 2));
  for (let block = 0; block < rows * blocks; block++) {
    const part = values.subarray(block * BLOCK, (block + 1) * BLOCK);
    const scale = part.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127;
    scales.setUint16(block * 2, halfBits(scale), true);
    for (const [i, value] of part.entries()) bytes[block * BLOCK + i] = scale ? Math.round(value / scale) : 0;
  }
  const shape = new BigInt64Array([BigInt(rows), BigInt(columns)]);
  return [
    tensor(`${name}.bytes`, TYPE.int8, [rows, blocks, BLOCK], new Uint8Array(bytes.buffer)),
    tensor(`${name}.scales`, TYPE.half, [rows, blocks, 1], new Uint8Array(scales.buffer)),
    tensor(`${name}.shape`, TYPE.int64, [2], new Uint8Array(shape.buffer)),
  ];
}

/** The nodes that make the float matrix `name` again. */
function unpack(name: string): Uint8Array[] {
  return [
    node('Cast', [`${name}.bytes`], `${name}.bytes.float`, toFloat()),
    node('Cast', [`${name}.scales`], `${name}.scales.float`, toFloat()),
    node('Mul', [`${name}.bytes.float`, `${name}.scales.float`], `${name}.blocks`),
    node('Reshape', [`${name}.blocks`, `${name}.shape`], name),
  ];
}

function tensor(name: string, type: number, dims: readonly number[], raw: Uint8Array): Uint8Array {
  return concat([
    ...dims.map((dim) => numberField(TENSOR.dims, dim)),
    numberField(TENSOR.type, type),
    bytesField(TENSOR.name, name),
    bytesField(TENSOR.raw, raw),
  ]);
}

function node(type: string, inputs: readonly string[], output: string, attribute?: Uint8Array): Uint8Array {
  return concat([
    ...inputs.map((input) => bytesField(1, input)),
    bytesField(2, output),
    bytesField(3, `${output}.node`),
    bytesField(4, type),
    ...(attribute ? [bytesField(5, attribute)] : []),
  ]);
}

/** The attribute `to` of a Cast: an integer (type 2). */
const toFloat = () => concat([bytesField(1, 'to'), numberField(3, TYPE.float), numberField(20, 2)]);
