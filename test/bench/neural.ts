import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildEngine, buildLlama, type Engine } from '../kernel/neural/engines.ts';
import { modelFile, type Shape } from '../kernel/neural/models.ts';
import { median, round, type Figure } from './figures.ts';

const ROUNDS = 3;
const PROMPT = 128;
const DECODED = 64;
const DEPTH = 512;

const NANO = { dim: 128, layers: 5, heads: 4, kvHeads: 2, ffn: 384, vocab: 2048 };
const TINY = { dim: 256, layers: 12, heads: 4, kvHeads: 2, ffn: 768, vocab: 4096 };
const MEDIUM = { dim: 768, layers: 22, heads: 12, kvHeads: 4, ffn: 2048, vocab: 16384 };
const MODELS: [string, Omit<Shape, 'tied'>, number][] = [
  ['nano_1M Q8_0', { ...NANO, type: 'Q8_0' }, 2],
  ['nano_1M Q4_0', { ...NANO, type: 'Q4_0' }, 2],
  ['tiny_10M Q8_0', { ...TINY, type: 'Q8_0' }, 2],
  ['tiny_10M Q4_0', { ...TINY, type: 'Q4_0' }, 2],
  ['medium_150M Q8_0', { ...MEDIUM, type: 'Q8_0' }, 1.2],
  ['medium_150M Q4_0', { ...MEDIUM, type: 'Q4_0' }, 1.5],
];

interface Rates {
  prompt: number;
  decode: number;
  deep: number;
}

/**
 * The kernel's engine, built for this machine, and llama.cpp, both called from C with one thread, on the same file: how
 * many times as many tokens a second of processor time.
 */
export async function neuralFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-neural-'));
  try {
    const llama = buildLlama(folder);
    if (typeof llama === 'string') {
      console.error(`  skipped: ${llama}`);
      return [];
    }
    const engine = buildEngine(join(folder, 'build'));
    return MODELS.flatMap(([name, shape, target]) => {
      const file = join(folder, 'model.gguf');
      writeFileSync(file, modelFile({ ...shape, tied: true, coarse: true, context: 1024 }));
      return compare(name, file, target, engine, llama);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Turn by turn, so that what else the machine does hits both. */
function compare(name: string, file: string, target: number, engine: Engine, llama: Engine): Figure[] {
  const ours: Rates[] = [];
  const theirs: Rates[] = [];
  let isa = '';
  for (let i = 0; i < ROUNDS; i++) {
    ours.push(rates(engine, file));
    theirs.push(rates(llama, file));
  }
  isa = engine.bench(file, 1, 1).isa;
  const ratio = (what: keyof Rates, title: string): Figure => {
    const [a, b] = [median(ours.map((rate) => rate[what])), median(theirs.map((rate) => rate[what]))];
    return {
      name: `${name}, ${title}: engine / llama.cpp`,
      value: a / b,
      unit: 'x',
      target: { atLeast: target },
      note: `${round(a)} and ${round(b)} tok/s, one thread, ${isa}, ${ROUNDS} runs, load ${round(loadavg()[0] ?? 0)}`,
    };
  };
  return [
    ratio('decode', 'decode'),
    ratio('deep', `decode behind ${DEPTH} tokens`),
    ratio('prompt', `prompt of ${PROMPT} tokens`),
  ];
}

function rates(engine: Engine, file: string): Rates {
  const shallow = engine.bench(file, PROMPT, DECODED);
  const deep = engine.bench(file, DEPTH, DECODED);
  return {
    prompt: (PROMPT / shallow.prompt_us) * 1e6,
    decode: (DECODED / shallow.decode_us) * 1e6,
    deep: (DECODED / deep.decode_us) * 1e6,
  };
}
