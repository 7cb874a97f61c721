/** The kernel's engine and llama.cpp as programs of the same commands (engine.c says which). */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { findProgram } from '../../../src/kernel/toolchain.ts';
import type { Architecture } from '../../../src/protocol/roles.ts';
import { oneAtATime } from '../../fixtures/one-at-a-time.ts';

const root = join(import.meta.dirname, '../../..');
const kernel = join(root, 'kernels/reference');
/** The engine's objects, of all suites and of runs before, in a folder for each way to compile them. */
const OBJECTS = join(root, '.cache/engines');
const start = promisify(execFile);
const install = (await import(join(root, 'scripts/llama.mjs'))) as {
  setUpLlama: () => string | null;
  llama: () => { headers: string[]; libraries: string };
  llamaLibraries: () => string[];
};

export interface Speed {
  isa: string;
  prompt_us: number;
  decode_us: number;
}

export class Engine {
  private readonly program: string;
  private readonly prefix: readonly string[];
  private readonly env: NodeJS.ProcessEnv;

  /** `program`: the command line that the engine's own arguments are put behind. */
  constructor([program = '', ...prefix]: readonly string[], env: Record<string, string> = {}) {
    this.program = program;
    this.prefix = prefix;
    this.env = { ...process.env, ...env };
  }

  /** The same engine with other settings: NEURAL_ISA and others, see engine.c. */
  with(env: Record<string, string>): Engine {
    return new Engine([this.program, ...this.prefix], { ...(this.env as Record<string, string>), ...env });
  }

  run(args: readonly (string | number)[], input = ''): Buffer {
    return execFileSync(this.program, [...this.prefix, ...args.map(String)], {
      env: this.env,
      input,
      maxBuffer: 2 ** 30,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** What `load` says: "ok: name" or "refused: why"; a crash throws. */
  load(model: string): string {
    const { status, stdout, stderr } = spawnSync(this.program, [...this.prefix, 'load', model], {
      env: this.env,
      encoding: 'utf8',
    });
    if (status !== 0 && status !== 1) throw new Error(`the engine died of ${model}: ${stderr}`);
    return stdout.split('\n')[0] ?? '';
  }

  /** The logits behind each chunk of so many tokens. */
  logits(model: string, ids: readonly number[], chunk = 1): Float32Array[] {
    const bytes = this.run(['logits', model, chunk, ...ids]);
    const all = new Float32Array(new Uint8Array(bytes).buffer);
    const rows = Math.ceil(ids.length / chunk);
    const size = all.length / rows;
    if (!Number.isInteger(size) || size === 0)
      throw new Error(`${all.length} logits are not those of ${rows} tokens`);
    return Array.from({ length: rows }, (_, i) => all.subarray(i * size, (i + 1) * size));
  }

  greedy(model: string, count: number, ids: readonly number[]): number[] {
    return numbers(this.run(['greedy', model, count, ...ids]).toString());
  }

  tokenize(model: string, texts: readonly (string | Uint8Array)[]): number[][] {
    const hex = texts.map((text) => `${Buffer.from(text).toString('hex')}\n`).join('');
    return this.run(['tokenize', model], hex).toString().split('\n').slice(0, texts.length).map(numbers);
  }

  /** Microseconds for a prompt, and for `count` tokens one by one behind it. */
  bench(model: string, prompt: number, count: number): Speed {
    return JSON.parse(this.run(['bench', model, prompt, count]).toString()) as Speed;
  }
}

const numbers = (line: string) => line.trim().split(' ').filter(Boolean).map(Number);

const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
/** Undefined behaviour is what the program looks for: with clang its checks make a minute of compiling of ten seconds. */
const LIB_FUZZER = ['-fsanitize=address,fuzzer-no-link'];
/** What is checked is not made into vectors besides: that took the compiler longer than all else, and checks nothing more. */
const CHECKED = ['slm_neural_VECTOR=-O1 -ffinite-math-only -fno-math-errno -ffp-contract=fast'];
const ownArch: Architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** The kernel's engine as one object, and a program of one file with it; its path. */
async function build(
  folder: string,
  cc: string,
  flags: string[],
  source: string,
  { link = [], arch = ownArch, make = [] }: { link?: string[]; arch?: Architecture; make?: string[] } = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const variables = [`ARCH=${arch}`, `HOSTCC=${cc}`, `HOST_CFLAGS=${flags.join(' ')}`, ...make];
  const hash = createHash('sha256').update(variables.join('\n')).digest('hex').slice(0, 12);
  const objects = join(OBJECTS, hash);
  const program = join(folder, basename(source, '.c'));
  const includes = ['include', `arch/${arch}/include`, 'slm_neural'].map((name) => `-I${join(kernel, name)}`);
  const files = [join(import.meta.dirname, source), join(objects, 'host/neural.o')];
  const jobs = `-j${availableParallelism()}`;
  await oneAtATime(`${objects}.lock`, async () => {
    await start('make', ['-s', jobs, '-C', kernel, `O=${objects}`, ...variables, 'host-neural']);
    await start(cc, ['-std=gnu11', ...flags, ...link, ...includes, '-o', program, ...files]);
  });
  return program;
}

/** Compiles the kernel's engine for this machine. With `checks`, sanitizers end it at the first wrong access. */
export async function buildEngine(folder: string, { checks = false } = {}): Promise<Engine> {
  const [flags, make] = checks ? [['-g', '-O1', ...SANITIZERS], CHECKED] : [['-g', '-O2'], []];
  return new Engine([await build(folder, 'cc', flags, 'engine.c', { make })]);
}

/** Compiles it for this machine with AVX-512 in portable C, for a processor with AVX2. Or what is missing. */
export async function buildWithSimde(folder: string): Promise<Engine | string> {
  if (ownArch !== 'x86_64') return 'this machine is no x86_64';
  const header = ['-include', 'simde/x86/avx512.h'];
  if (spawnSync('cc', ['-M', ...header, '-xc', '/dev/null'], { stdio: 'ignore' }).status !== 0)
    return 'SIMDe is not installed (libsimde-dev)';
  const include = join(import.meta.dirname, 'simde');
  const make = [`slm_neural_ISA_avx512=-I${include} -mavx2 -mfma -mf16c -Wno-psabi`];
  const program = await build(folder, 'cc', ['-g', '-O2'], 'engine.c', { make });
  return new Engine([program], { NEURAL_ISA: 'avx512' });
}

/** Compiles it for AArch64, whose processors QEMU then emulates: for the name of one, its engine. Or what is missing. */
export async function buildForAarch64(folder: string): Promise<((cpu: string) => Engine) | string> {
  const { gcc } = PROFILES.aarch64;
  const qemu = 'qemu-aarch64';
  const missing = [gcc, qemu].find((tool) => !findProgram(tool));
  if (missing) return `${missing} is not installed`;
  if (spawnSync(gcc, ['-E', '-include', 'stdio.h', '-xc', '/dev/null']).status !== 0)
    return `${gcc} has no C library`;
  const program = await build(folder, gcc, ['-g', '-O2'], 'engine.c', { link: ['-static'], arch: 'aarch64' });
  return (cpu) => new Engine([qemu, '-cpu', cpu, program]);
}

/** The path of fuzz.c as a program, or as a target of clang's fuzzer. */
export function buildFuzzer(folder: string, { libFuzzer = false } = {}): Promise<string> {
  return libFuzzer
    ? build(folder, 'clang', ['-g', '-O1', ...LIB_FUZZER], 'fuzz.c', {
        link: ['-fsanitize=fuzzer'],
        make: CHECKED,
      })
    : build(folder, 'cc', ['-g', '-O1', ...SANITIZERS], 'fuzz.c', { link: ['-DSTANDALONE'], make: CHECKED });
}

/** Where its shared libraries are, one for each kind of processor among them. */
export const llamaFolder = (): string => install.llama().libraries;

/** llama.cpp, installed if need be; or why it is not there. */
export function buildLlama(folder: string): Engine | string {
  const problem = install.setUpLlama();
  if (problem !== null) return problem;
  mkdirSync(folder, { recursive: true });
  const { headers, libraries } = install.llama();
  const program = join(folder, 'llama');
  if (!existsSync(program)) {
    const link = [...install.llamaLibraries(), `-Wl,-rpath,${libraries}`, '-Wl,--allow-shlib-undefined'];
    const includes = headers.map((header) => `-I${header}`);
    const source = join(import.meta.dirname, 'llama.c');
    execFileSync('cc', ['-std=gnu11', '-O2', ...includes, '-o', program, source, ...link]);
  }
  return new Engine([program], { LLAMA_BACKENDS: libraries });
}

export interface Difference {
  /** Largest and root mean square difference of each position's logits, in units of the spread of all logits. */
  largest: number[];
  rms: number[];
  /** Positions where the likeliest token differs although it is ahead by more than twice the largest difference. */
  wrongChoices: number;
}

export function difference(a: readonly Float32Array[], b: readonly Float32Array[]): Difference {
  const all = b.flatMap((row) => [...row]);
  const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
  const spread = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length);
  const result: Difference = { largest: [], rms: [], wrongChoices: 0 };
  for (const [i, row] of b.entries()) {
    const differences = Array.from(row, (x, t) => Math.abs(x - (a[i]?.[t] ?? Number.NaN)) / spread);
    const largest = differences.reduce((m, d) => (d > m || Number.isNaN(d) ? d : m), 0);
    result.largest.push(largest);
    result.rms.push(Math.sqrt(differences.reduce((sum, d) => sum + d * d, 0) / row.length));
    const sorted = [...row].sort((x, y) => y - x);
    const margin = ((sorted[0] ?? 0) - (sorted[1] ?? 0)) / spread;
    if (argmax(a[i] ?? row) !== argmax(row) && margin > 2 * largest) result.wrongChoices++;
  }
  return result;
}

const argmax = (row: Float32Array) =>
  row.indexOf(row.reduce((m, x) => Math.max(m, x), Number.NEGATIVE_INFINITY));
