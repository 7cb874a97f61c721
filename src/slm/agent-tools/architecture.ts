import type { z } from 'zod';
import { PROFILES } from '../../kernel/architectures.ts';
import { ARCHITECTURES } from '../../protocol/roles.ts';
import { bytes, duration } from '../../protocol/units.ts';
import type { estimateFlopsInput, validateArchitectureInput } from '../../tools/slm/architecture.ts';
import type { ToolResult } from '../../tools/tool.ts';
import type { StageResult } from '../pipeline/stages.ts';
import type { Bench } from './bench.ts';

type Description = StageResult<'describe'>;
type Shape = Description['config']['model'];

/** Bytes of a block of 32 values. */
const PRECISIONS = { F32: 128, F16: 64, Q8_0: 34, Q4_0: 18 } as const;
/** Share of a machine's memory that a model, its cache and its copy in the kernel may take. */
const SHARE_OF_RAM = 0.5;

export async function validateArchitecture(
  { config, set }: z.output<typeof validateArchitectureInput>,
  bench: Bench,
): Promise<ToolResult> {
  // What training refuses is refused here, with its words.
  const { result } = await bench.stage('describe', { config: await bench.config(config), set });
  const problems = architectureProblems(result);
  const { model } = result.config;
  const lines = [
    `${result.name}: ${result.parameters} parameters; ${model.layers} layers of ${model.dim}, ${model.heads} heads of ` +
      `${result.head_dim} with ${model.kv_heads} for keys, ffn ${model.ffn}, vocabulary ${model.vocab_size}, context ${model.context}.`,
    ...memoryLines(result),
    ...problems.map((problem) => `WRONG: ${problem}`),
  ];
  return { ok: problems.length === 0, text: lines.join('\n') };
}

/** What training does not mind, but the reader of the name does. */
export function architectureProblems({ name, parameters }: Description): string[] {
  const problems: string[] = [];
  const named = /_(\d+(?:\.\d+)?)([KM])$/.exec(name);
  const meant = named && Number(named[1]) * (named[2] === 'M' ? 1e6 : 1e3);
  if (meant && Math.abs(parameters - meant) > 0.25 * meant)
    problems.push(`${name} has ${parameters} parameters, which is not what its name says`);
  return problems;
}

function memoryLines({ parameters, config: { model } }: Description): string[] {
  return Object.entries(PRECISIONS).map(([precision, block]) => {
    const weights = (parameters / 32) * block;
    // The file in the image, its rows arranged anew for vectors, and the cache.
    const needed = 2 * weights + cacheBytes(model);
    const fits = ARCHITECTURES.filter((arch) => needed < SHARE_OF_RAM * PROFILES[arch].memoryMb * 2 ** 20);
    return `${precision}: ${bytes(weights)} of weights, ${bytes(needed)} in the kernel; fits ${fits.join(', ') || 'none'}.`;
  });
}

const cacheBytes = ({ layers, kv_heads, dim, heads, context }: Shape) =>
  layers * 2 * context * kv_heads * (dim / heads) * 4;

/** Of one token going forward: two for each weight that is multiplied, and attention over half the context. */
export function forwardFlops({ vocab_size, dim, layers, heads, kv_heads, ffn, context }: Shape): number {
  const attention = 2 * dim * dim + 2 * dim * kv_heads * (dim / heads);
  return 2 * (layers * (attention + 3 * dim * ffn) + vocab_size * dim) + layers * 2 * 2 * dim * (context / 2);
}

export async function estimateFlops(
  { config, set, flops_per_second: given }: z.output<typeof estimateFlopsInput>,
  bench: Bench,
): Promise<ToolResult> {
  const { result } = await bench.stage('describe', { config: await bench.config(config), set });
  const { model, train } = result.config;
  const forward = forwardFlops(model);
  // An example of the task fills about a quarter of the context.
  const tokens = (train.batch * model.context) / 4;
  const step = 3 * forward * tokens; // backward costs twice as much as forward
  const whole = step * train.steps;
  const speed = given ?? measureFlops();
  const lines = [
    `A token: ${flops(forward)} forward, ${flops(3 * forward)} in training.`,
    `A step: ${train.batch} examples, about ${Math.round(tokens)} tokens, ${flops(step)}.`,
    `The training: ${train.steps} steps, ${flops(whole)}.`,
    given
      ? `At ${flops(speed)}/s: ${duration((whole / speed) * 1000)}.`
      : `One core of this machine does about ${flops(speed)}/s in plain code, PyTorch several times that: less than ` +
        `${duration((whole / speed) * 1000)}.`,
    ...(train.max_seconds > 0
      ? [`train.max_seconds ends it after ${duration(train.max_seconds * 1000)}.`]
      : []),
  ];
  return { ok: true, text: lines.join('\n') };
}

/** A product of matrices for 50 ms, in the engine's own language: a lower bound of what the machine does. */
function measureFlops(): number {
  const size = 64;
  const [a, b, c] = [0, 0, 0].map(() => new Float32Array(size * size).fill(0.5)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  let products = 0;
  const begun = performance.now();
  while (performance.now() - begun < 50) {
    for (let i = 0; i < size; i++)
      for (let k = 0; k < size; k++) {
        const x = a[i * size + k]!;
        for (let j = 0; j < size; j++) c[i * size + j]! += x * b[k * size + j]!;
      }
    products++;
  }
  return (products * 2 * size ** 3) / ((performance.now() - begun) / 1000);
}

function flops(count: number): string {
  const units: [number, string][] = [
    [1e15, 'PFLOP'],
    [1e12, 'TFLOP'],
    [1e9, 'GFLOP'],
    [1e6, 'MFLOP'],
  ];
  const [size, unit] = units.find(([least]) => count >= least) ?? [1e3, 'kFLOP'];
  return `${(count / size).toPrecision(3)} ${unit}`;
}
