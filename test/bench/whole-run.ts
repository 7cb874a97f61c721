import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listRuns, readRun } from '../../src/run/runs.ts';
import type { Figure } from './figures.ts';

/** What `npm start` does after set-up, in a folder of its own. Also returns the kernel that came out of it. */
export async function wholeRun(): Promise<{ figures: Figure[]; kernel: string }> {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-'));
  const startedAt = performance.now();
  const command = `${manifest.scripts.start} --workspace ${folder}`;
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) throw new Error(`the run in ${folder} ended with ${code}`);
  const [run] = await listRuns(folder);
  const { state, folder: files } = await readRun(folder, run?.run);
  const built = state.evidence.find(({ kind, passed }) => kind === 'build' && passed);
  const kernel = built?.files.find(({ role }) => role === 'kernel');
  if (!kernel) throw new Error(`the run in ${folder} kept no kernel`);
  const figure: Figure = {
    name: 'The whole run of `npm start`, after set-up',
    value: seconds,
    unit: 's',
    target: { atMost: 60 },
    note: `${state.tasks.size} tasks, ${state.merges.length} merges, one run`,
  };
  return { figures: [figure], kernel: join(files, kernel.path) };
}
