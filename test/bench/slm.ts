import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonVariables } from '../../src/slm/python/environment.ts';
import { findPython } from '../../src/slm/python/python.ts';
import { median, round, Skipped, spread, type Figure } from './figures.ts';

const MODEL = 'medium_150M';
const ROUNDS = 5;

/** Rounding and exporting a checkpoint, beside reading it and writing as many bytes as come out. */
export async function slmFigures(): Promise<Figure[]> {
  const python = await findPython();
  if (!python)
    throw new Skipped('the Python of the SLM pipeline is not installed; AUTON_SLM_PYTHON names one');
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-slm-'));
  try {
    return ['Q8_0', 'Q4_0'].map((type) => {
      const args = ['-W', 'ignore', join(import.meta.dirname, 'slm.py'), folder, MODEL, type, String(ROUNDS)];
      const env = { ...process.env, ...pythonVariables(python) };
      return figure(type, JSON.parse(execFileSync(python.program, args, { env, encoding: 'utf8' })) as Times);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Times {
  export: number[];
  copy: number[];
  read: number;
  written: number;
}

function figure(type: string, times: Times): Figure {
  const ratio = median(times.export) / median(times.copy);
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  return {
    name: `${MODEL} as ${type}: export / reading and writing`,
    value: ratio,
    unit: 'x',
    target: { atMost: 2 },
    note:
      `${spread(times.export, 's')} and ${spread(times.copy, 's')}, ${ROUNDS} runs in turn; ${megabytes(times.read)} MB from a cold ` +
      `file, ${megabytes(times.written)} MB until the disk has them, load ${round(loadavg()[0] ?? 0)}`,
  };
}
