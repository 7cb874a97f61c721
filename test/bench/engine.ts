/** What the engine itself costs. `node test/bench/engine.ts` prints the figures. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventLogFile, findRun } from '../../src/run/runs.ts';
import { addsHeader, headerTasks, say, type AgentScript } from '../fixtures/agent-script.ts';
import { EngineFolder } from '../fixtures/engine.ts';
import { quickRun } from '../fixtures/quick-run.ts';
import { median, round, spread, table, type Figure } from './figures.ts';

const MORTAL_ENGINE = join(import.meta.dirname, '../fixtures/mortal-engine.ts');

export async function engineFigures(): Promise<Figure[]> {
  const place = mkdtempSync(join(tmpdir(), 'auton-bench-'));
  try {
    return [await overhead(place), await scheduling(place), await speedUp(place), await resume()];
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

/** Everything but models, builds and boots: log, transcripts, tools, worktrees, commits, merges. */
async function overhead(place: string): Promise<Figure> {
  const count = 60;
  await quickRun({ place, script: headerTasks(...names(10)) });
  const samples: number[] = [];
  for (let sample = 0; sample < 5; sample++) {
    samples.push((await quickRun({ place, script: headerTasks(...names(count)) })) / count);
  }
  return {
    name: 'Engine overhead a task',
    value: median(samples),
    unit: 'ms',
    target: { atMost: 20 },
    note: `${samples.length} runs of ${count} tasks, instant models and gates, real git, 4 developers; ${spread(samples, 'ms')}`,
  };
}

/** Layers of a hundred tasks, each on two of the layer before. */
function layered(count: number): AgentScript {
  const ids = names(count);
  const tasks = ids.map((id, at) => {
    const earlier = at < 100 ? [] : [at - 100, at - 100 - (at % 7)].filter((n) => n >= 0).map((n) => `t${n}`);
    return { id, dependsOn: [...new Set(earlier)] };
  });
  return { tasks, sessions: Object.fromEntries(ids.map((id) => [`developer ${id} 1`, [say('Done.')]])) };
}

async function scheduling(place: string): Promise<Figure> {
  await quickRun({ place, script: layered(300), git: false });
  const perTask = async (count: number) => {
    const samples: number[] = [];
    for (let sample = 0; sample < 3; sample++)
      samples.push((await quickRun({ place, script: layered(count), git: false })) / count);
    return median(samples);
  };
  const small = await perTask(1_000);
  const large = await perTask(10_000);
  return {
    name: 'Scheduling 10,000 tasks against 1,000, time a task',
    value: large / small,
    unit: 'x',
    target: { atMost: 1.25 },
    note: `${round(small)} ms and ${round(large)} ms a task, medians of 3 runs, everything instant, no git`,
  };
}

/**
 * At the end of a run the one reviewer has as many reviews before it as developers ended at once: a run must have some
 * rounds of tasks for that to be what it is in practice, a small part.
 */
async function speedUp(place: string): Promise<Figure> {
  const ids = names(64);
  const latencyMs = 100;
  const thinking = Array.from({ length: 4 }, () => say('', ['list_files', {}]));
  const script: AgentScript = {
    tasks: ids.map((id) => ({ id })),
    sessions: Object.fromEntries(ids.map((id) => [`developer ${id} 1`, addsHeader(id, ...thinking)])),
  };
  const alone = await quickRun({ place, script, latencyMs, developers: 1 });
  const together = await quickRun({ place, script, latencyMs, developers: 4 });
  return {
    name: 'Speed-up by 4 developers, of the ideal',
    value: (100 * alone) / together / 4,
    unit: '%',
    target: { atLeast: 90 },
    note: `${ids.length} tasks of 6 answers of ${latencyMs} ms: ${round(alone / 1000)} s and ${round(together / 1000)} s, real git`,
  };
}

/** From the start of a process to the first thing it does for the run, with the run killed in the middle of it. */
async function resume(): Promise<Figure> {
  const samples: number[] = [];
  for (const writes of [300, 500, 700]) {
    const place = new EngineFolder();
    try {
      const provider = await place.provider(headerTasks(...names(20)));
      provider.latencyMs = () => 20;
      const engine = (...args: string[]) =>
        spawn(
          process.execPath,
          ['--disable-warning=ExperimentalWarning', MORTAL_ENGINE, place.folder, ...args],
          {
            env: place.env,
            stdio: 'ignore',
          },
        );
      await once(engine(String(writes), 'before'), 'close');
      const log = eventLogFile(place.folder, findRun(place.folder));
      const before = lines(log);
      const start = performance.now();
      const resumed = engine();
      // The first line is that it was resumed, the second that somebody works.
      while (lines(log) < before + 2) await sleep(5);
      samples.push((performance.now() - start) / 1000);
      resumed.kill('SIGKILL');
      await once(resumed, 'close');
    } finally {
      await place.close();
    }
  }
  return {
    name: 'Resume after kill -9',
    value: Math.max(...samples),
    unit: 's',
    target: { atMost: 2 },
    note: `the slowest of ${samples.length}: process start, sandbox probe, log, worktrees, first step; ${spread(samples, 's')}`,
  };
}

function lines(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1;
}

if (import.meta.main) console.log(table(await engineFigures()));
