import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../src/config/assets.ts';
import { buildEngine, buildLlama, llamaFolder, type Engine } from '../kernel/neural/engines.ts';
import { modelFile, type Shape } from '../kernel/neural/models.ts';
import { median, round, type Figure } from './figures.ts';

const PROMPT = 128;
const DECODED = 64;
const DEPTH = 512;
/** Longer than the shipped model was trained for: the kernel too gives it room for 512 tokens. */
const CONTEXT = 1024;

const TINY = { dim: 256, layers: 12, heads: 4, kvHeads: 2, ffn: 768, vocab: 4096 };
const MEDIUM = { dim: 768, layers: 22, heads: 12, kvHeads: 4, ffn: 2048, vocab: 16384 };

interface Model {
  name: string;
  /** A file in SLM/models, or what a random one looks like. */
  from: string | Omit<Shape, 'tied'>;
  target: number;
  /** The smaller it is, the more a single run varies. */
  rounds: number;
}
const MODELS: Model[] = [
  { name: 'mini_3M Q8_0 (shipped)', from: 'mini_3M-Q8_0.gguf', target: 2, rounds: 9 },
  { name: 'mini_3M Q4_0 (shipped)', from: 'mini_3M-Q4_0.gguf', target: 2, rounds: 9 },
  { name: 'tiny_10M Q8_0', from: { ...TINY, type: 'Q8_0' }, target: 2, rounds: 9 },
  { name: 'tiny_10M Q4_0', from: { ...TINY, type: 'Q4_0' }, target: 2, rounds: 9 },
  { name: 'medium_150M Q8_0', from: { ...MEDIUM, type: 'Q8_0' }, target: 1.2, rounds: 3 },
  { name: 'medium_150M Q4_0', from: { ...MEDIUM, type: 'Q4_0' }, target: 1.5, rounds: 3 },
];

interface Rates {
  prompt: number;
  decode: number;
  deep: number;
}

/**
 * The kernel's engine, built for this machine, and llama.cpp, both called from C with one thread, on the same file: how
 * many times as many tokens a second of processor time. llama.cpp's rate is the better one of its two ways to attend, its
 * own choice and floats without flash attention: with AVX-512 the first is three times slower where heads are small. A
 * processor with AVX-512 also stands for one without.
 */
export async function neuralFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-neural-'));
  try {
    const llama = buildLlama(folder);
    if (typeof llama === 'string') {
      console.error(`  skipped: ${llama}`);
      return [];
    }
    const engine = (await buildEngine(join(folder, 'build'))).with({ NEURAL_CONTEXT: String(CONTEXT) });
    return MODELS.flatMap((model) => {
      const file = fileOf(model, folder);
      const figures = compare(model, file, engine, llama);
      if (engine.bench(file, 1, 1).isa !== 'avx512') return figures;
      const older = engine.with({ NEURAL_ISA: 'avx2' });
      return [...figures, ...compare(model, file, older, withAvx2(llama, folder))];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fileOf({ from }: Model, folder: string): string {
  if (typeof from === 'string') return join(assets().shippedModels, from);
  const file = join(folder, 'model.gguf');
  writeFileSync(file, modelFile({ ...from, tied: true, coarse: true, context: CONTEXT }));
  return file;
}

/** llama.cpp with its library for processors that have AVX2 and no more. */
function withAvx2(llama: Engine, folder: string): Engine {
  const name = 'libggml-cpu-haswell.so';
  const only = join(folder, 'avx2');
  if (mkdirSync(only, { recursive: true })) symlinkSync(join(llamaFolder(), name), join(only, name));
  return llama.with({ LLAMA_BACKENDS: only });
}

/** Turn by turn, so that what else the machine does hits both. */
function compare({ name, target, rounds }: Model, file: string, engine: Engine, llama: Engine): Figure[] {
  const ours: Rates[] = [];
  const theirs: Rates[] = [];
  for (let i = 0; i < rounds; i++) {
    ours.push(rates(engine, file));
    theirs.push(best(rates(llama, file), rates(llama.with({ LLAMA_FLOATS: '1' }), file)));
  }
  const { isa } = engine.bench(file, 1, 1);
  const ratio = (what: keyof Rates, title: string): Figure => {
    const [a, b] = [median(ours.map((rate) => rate[what])), median(theirs.map((rate) => rate[what]))];
    return {
      name: `${name}, ${isa}, ${title}: engine / llama.cpp`,
      value: a / b,
      unit: 'x',
      target: { atLeast: target },
      note: `${round(a)} and ${round(b)} tok/s, one thread, ${rounds} runs, load ${round(loadavg()[0] ?? 0)}`,
    };
  };
  return [
    ratio('decode', 'decode'),
    ratio('deep', `decode behind ${DEPTH} tokens`),
    ratio('prompt', `prompt of ${PROMPT} tokens`),
  ];
}

const best = (a: Rates, b: Rates): Rates => ({
  prompt: Math.max(a.prompt, b.prompt),
  decode: Math.max(a.decode, b.decode),
  deep: Math.max(a.deep, b.deep),
});

function rates(engine: Engine, file: string): Rates {
  const shallow = engine.bench(file, PROMPT, DECODED);
  const deep = engine.bench(file, DEPTH, DECODED);
  return {
    prompt: (PROMPT / shallow.prompt_us) * 1e6,
    decode: (DECODED / shallow.decode_us) * 1e6,
    deep: (DECODED / deep.decode_us) * 1e6,
  };
}
