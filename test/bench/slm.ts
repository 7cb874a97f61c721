import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonVariables } from '../../src/slm/python/environment.ts';
import { findPython } from '../../src/slm/python/python.ts';
import { median, round, Skipped, spread, type Figure } from './figures.ts';

const MODEL = 'medium_150M';
const ROUNDS = 7;

/** What is made of a checkpoint: GGUF files, and checkpoints whose values are rounded. */
const MADE: [to: string, what: string][] = [
  ['Q8_0', 'as Q8_0: export'],
  ['Q4_0', 'as Q4_0: export'],
  ['int8', 'to int8: quantising'],
  ['int4', 'to int4: quantising'],
];

/** Rounding and exporting a checkpoint, beside reading it and writing as many bytes as come out. */
export async function slmFigures(): Promise<Figure[]> {
  const python = await findPython();
  if (!python)
    throw new Skipped('the Python of the SLM pipeline is not installed; AUTON_SLM_PYTHON names one');
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-slm-'));
  try {
    return MADE.map(([to, what]) => {
      const args = ['-W', 'ignore', join(import.meta.dirname, 'slm.py'), folder, MODEL, to, String(ROUNDS)];
      const env = { ...process.env, ...pythonVariables(python) };
      return figure(what, JSON.parse(execFileSync(python.program, args, { env, encoding: 'utf8' })) as Times);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Times {
  made: number[];
  copy: number[];
  read: number;
  written: number;
}

function figure(what: string, times: Times): Figure {
  const ratio = median(times.made) / median(times.copy);
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  return {
    name: `${MODEL} ${what} / reading and writing`,
    value: ratio,
    unit: 'x',
    target: { atMost: 2 },
    note:
      `${spread(times.made, 's')} and ${spread(times.copy, 's')}, ${ROUNDS} runs in turn; ${megabytes(times.read)} MB from a cold ` +
      `file, ${megabytes(times.written)} MB until the disk has them, load ${round(loadavg()[0] ?? 0)}`,
  };
}
