/** What the extension costs in the editor, measured in the packaged one in a real VS Code. */
import { statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/engine/engine.ts';
import { serve } from '../../src/engine/server.ts';
import type { EventBody } from '../../src/protocol/events.ts';
import { LoggedRun } from '../fixtures/logged-run.ts';
import { LogBuilder, sampleRun, task } from '../fixtures/run-log.ts';
import { newUser } from '../vscode/harness/browser.ts';
import { bundleScript, bundleTestModels } from '../vscode/harness/bundle.ts';
import { startHostSession, type HostSession } from '../vscode/harness/host/session.ts';
import { endShared, packaged, sharedBrowser, sharedServer } from '../vscode/harness/shared.ts';
import { Workbench } from '../vscode/harness/workbench.ts';
import { makeWorkspace, removeWorkspace } from '../vscode/harness/workspace.ts';
import { median, round, spread, type Figure } from './figures.ts';
import { ASK, END, type Activation, type Heap } from './host/messages.ts';
import { watchExpansion, watchRow } from './screen.ts';

const TASKS = 1_000;
const ACTIVATIONS = 5;
const SAMPLES = 21;
/** The editor itself holds changes of a tree back when they follow each other sooner. */
const EDITOR_GATHERS_MS = 200;
const PATIENCE_MS = 180_000;
const root = resolve(import.meta.dirname, '../..');
const host = (name: string) => join(import.meta.dirname, 'host', `${name}.ts`);

export async function extensionFigures(): Promise<Figure[]> {
  try {
    return [...(await sizes()), await activation(), ...(await bigRun())];
  } finally {
    await endShared();
  }
}

async function sizes(): Promise<Figure[]> {
  const kilobytes = (file: string) => statSync(file).size / 1000;
  const dist = join(root, 'dist');
  return [
    {
      name: 'Extension bundle',
      value: kilobytes(join(dist, 'extension.cjs')),
      unit: 'KB',
      target: { atMost: 300 },
      note: 'minified; what the extension host loads',
    },
    {
      name: 'Engine bundle',
      value: kilobytes(join(dist, 'auton.mjs')) / 1000,
      unit: 'MB',
      target: { atMost: 4 },
      note: 'with the command line and every SDK',
    },
    {
      name: 'The .vsix',
      value: kilobytes(await packaged()) / 1000,
      unit: 'MB',
      target: { atMost: 8 },
      note: `for ${process.platform}-${process.arch}`,
    },
  ];
}

/** Loading the bundle and `activate`, each time in a new extension host. */
async function activation(): Promise<Figure> {
  const samples: number[] = [];
  const processor: number[] = [];
  for (let sample = 0; sample < ACTIVATIONS; sample++) {
    // Without auton.toml, so that nothing activates it before the clock runs.
    const folder = makeWorkspace({ files: { 'README.md': '' } });
    const { session, close } = await openWindow<Activation>(folder, 'activation');
    const { ms, cpuMs } = await session.next(PATIENCE_MS);
    samples.push(ms);
    processor.push(cpuMs);
    await close();
    removeWorkspace(folder);
  }
  return {
    name: 'Activation of the extension',
    value: median(samples),
    unit: 'ms',
    target: { atMost: 50 },
    note: `${ACTIVATIONS} new extension hosts, loading included; ${spread(samples, 'ms')}; ${round(median(processor))} ms of the processor`,
  };
}

/** A run of a thousand tasks that a real engine server tells over its socket, as fast as the editor takes it. */
async function bigRun(): Promise<Figure[]> {
  const folder = makeWorkspace();
  const [began, planned] = beginning();
  const run = new LoggedRun(join(folder, '.auton/runs', '20260302-090000-k3f9'), began);
  const engine = new Engine({ folder, env: process.env, startRun: () => Promise.resolve(run) });
  const server = await serve(engine, process.env);
  if (!server) throw new Error('An engine serves the folder already');
  await engine.start({ goal: run.state.goal });
  const { session, close } = await openWindow<Heap>(folder, 'heap');
  try {
    const window = new Workbench(session.page, await sharedServer());
    await window.ready();
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.maximise();
    await runs.row(run.state.goal);
    const before = await heap(session, folder);

    run.append(planned);
    await runs.row(/wait/i);
    const expansions = await expand(window, /wait/i);
    run.append({ type: 'task.state', task: 't0', state: 'ready' });
    run.append({ type: 'task.state', task: 't0', state: 'running' });
    await runs.row('t0');
    const changes = await change(window, run, 't0');

    for (const event of working()) {
      run.append(event);
      // An engine yields too: it waits for models, builds and boots.
      if (run.state.lastSeq % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await window.until('the end of the run', async () => {
      const [row] = await runs.rows();
      return row?.description.includes(`${TASKS} of ${TASKS}`);
    });
    const growth = (await heap(session, folder)) - before;
    return [
      {
        name: 'Heap of the extension host after a run of 1,000 tasks',
        value: growth / 1e6,
        unit: 'MB more',
        target: { atMost: 30 },
        note: `${run.state.lastSeq} events over the socket, the tree shown, garbage collected`,
      },
      {
        name: 'A change of state on the screen',
        value: median(changes),
        unit: 'ms',
        target: { atMost: 100 },
        note: `${changes.length} changes of one of ${TASKS} tasks, one at a time, from the log to the drawn row; ${spread(changes, 'ms')}`,
      },
      {
        name: 'Unfolding 1,000 tasks in the tree',
        value: median(expansions),
        unit: 'ms',
        target: { atMost: 200 },
        note: `${expansions.length} times, from the click to drawn rows; ${spread(expansions, 'ms')}`,
      },
    ];
  } finally {
    writeFileSync(join(folder, END), '');
    await close();
    await server.close();
    removeWorkspace(folder);
  }
}

/** How a run begins, and the plan with all its tasks. */
function beginning() {
  const events = sampleRun('planned');
  const plan = events.findIndex(({ type }) => type === 'tasks.added');
  const tasks = Array.from({ length: TASKS }, (_, at) =>
    task(`t${at}`, `Write part ${at} of the kernel`, at < 4 ? [] : [`t${at - 4}`]),
  ).map((spec) => ({ ...spec, subsystem: 'kernel' }));
  const planned: EventBody = { type: 'tasks.added', tasks, by: 'manager-1' };
  return [events.slice(0, plan), planned] as const;
}

/** Everything that happens to every task: four developers at a time, builds, a merge. */
function working(): EventBody[] {
  const log = new LogBuilder();
  for (let at = 0; at < TASKS; at++) {
    const agent = `developer-${1 + (at % 2)}`;
    const id = `t${at}`;
    log.state(id, 'ready').startAttempt(id, agent, 'developer');
    for (let turn = 0; turn < 5; turn++) {
      log.step(`${id}.1.developer`, agent, turn, 'write_file', `writes kernel/part-${at}-${turn}.c`);
    }
    log.endAttempt(id, agent, 'developer').state(id, 'validating').merge(id, 300);
  }
  return log.events.map(({ seq: _, at: __, ...body }) => body);
}

async function expand(window: Workbench, row: RegExp): Promise<number[]> {
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    await window.tree('Runs').fold(row);
    samples.push(await watchExpansion(window, row));
  }
  return samples;
}

async function change(window: Workbench, run: LoggedRun, id: string): Promise<number[]> {
  const samples: number[] = [];
  const states = ['validating', 'review'] as const;
  for (let sample = 0; sample < SAMPLES; sample++) {
    await sleep(EDITOR_GATHERS_MS * 2);
    const drawn = await watchRow(window, id);
    const began = Date.now();
    run.append({ type: 'task.state', task: id, state: states[sample % 2]! });
    samples.push((await drawn()) - began);
  }
  return samples;
}

async function heap(session: HostSession<Heap>, folder: string): Promise<number> {
  writeFileSync(join(folder, ASK), '');
  return (await session.next(PATIENCE_MS)).bytes;
}

async function openWindow<E>(folder: string, script: string) {
  const server = await sharedServer();
  const browser = await sharedBrowser();
  await newUser(browser);
  const [bundle, models] = [await bundleScript(host(script)), await bundleTestModels()];
  const session = await startHostSession<E>(browser, server, { folder }, bundle, models);
  return { session, close: () => session.page.close() };
}
