import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { makeArgv } from '../../src/kernel/make.ts';
import { findProgram } from '../../src/kernel/toolchain.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { buildEngine, type Engine } from '../kernel/neural/engines.ts';
import { modelFile } from '../kernel/neural/models.ts';
import { median, round, spread, type Figure } from './figures.ts';

/** Questions that begin differently, so that nothing of the one before is still in the model's context. */
const QUESTIONS = [
  'which driver does the network card need?',
  'how much memory is free',
  'what is 8086:100e',
  'why is everything so slow',
  'is there a sound card?',
  'turn on bluetooth',
  'list the running processes',
  'please install httpd',
  'show me the last errors',
  'who made this machine',
];
/** 75 MB in Q4_0. */
const LARGE = {
  dim: 768,
  layers: 19,
  heads: 12,
  kvHeads: 4,
  ffn: 2048,
  vocab: 16384,
  type: 'Q4_0',
  tied: true,
} as const;

/** What the model costs inside the booted kernel, under TCG: answers, tokens, loading. */
export async function promptFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-prompt-'));
  try {
    const figures: Figure[] = [];
    const engine = await buildEngine(join(folder, 'host'));
    for (const { name, gcc, qemu } of Object.values(PROFILES))
      if ([gcc, qemu].every((tool) => findProgram(tool)))
        figures.push(...(await answers(name, await build(folder, name), engine)));
    const large = join(folder, 'large.gguf');
    writeFileSync(large, modelFile(LARGE));
    return [...figures, await loading(await build(folder, 'x86_64', large))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function build(folder: string, architecture: Architecture, model?: string): Promise<string> {
  const out = join(folder, architecture);
  const [make, ...args] = makeArgv({ architecture, target: 'kernel', out });
  if (model !== undefined) args.push(`SLM_MODEL=${model}`);
  await promisify(execFile)(make, args, { cwd: assets().referenceKernel, maxBuffer: 1 << 26 });
  return join(out, 'kernel.elf');
}

async function answers(name: Architecture, image: string, engine: Engine): Promise<Figure[]> {
  const chat = await KernelChat.start({
    profile: PROFILES[name],
    image,
    boot: 'kernel',
    accel: 'tcg',
    memoryMb: 256,
  });
  try {
    const times: number[] = [];
    for (const question of QUESTIONS) {
      const start = performance.now();
      await chat.ask(question);
      times.push(performance.now() - start);
    }
    const told = await chat.ask('model continue which driver does the disk need');
    const inside = Number(/(\d+) us a token/.exec(told)?.[1]) / 1000;
    const { decode_us } = engine.bench(join(assets().shippedModels, 'mini_3M-Q4_0.gguf'), 16, 16);
    const note = `${QUESTIONS.length} questions, ${spread(times, 'ms')}, TCG`;
    const asked = `A question at the prompt on ${name}, with the shipped model`;
    return [
      {
        name: `${asked}: first words`,
        value: median(times),
        unit: 'ms',
        target: { atMost: 300 },
        note: `${note}; at most, for the whole is timed`,
      },
      {
        name: `${asked}: slowest whole answer`,
        value: Math.max(...times),
        unit: 'ms',
        target: { atMost: 2000 },
        note,
      },
      {
        name: `A token of the shipped model inside the kernel on ${name} / in the engine on this machine`,
        value: inside / (decode_us / 16 / 1000),
        unit: 'x',
        note: `${round(inside)} ms under TCG`,
      },
    ];
  } finally {
    await chat.stop();
  }
}

async function loading(image: string): Promise<Figure> {
  const chat = await KernelChat.start(
    { profile: PROFILES.x86_64, image, boot: 'kernel', accel: 'tcg', memoryMb: 512 },
    120_000,
  );
  await chat.stop();
  const [, count = '', us = ''] = /Model of (\d+) parameters loaded in (\d+) us/.exec(chat.greeting) ?? [];
  return {
    name: 'Loading an embedded model of 75 MB (x86_64, TCG)',
    value: Number(us) / 1000,
    unit: 'ms',
    target: { atMost: 100 },
    note: `${round(Number(count) / 1e6)} million parameters in Q4_0, its sum included`,
  };
}
