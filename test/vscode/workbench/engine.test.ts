import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { useDesk } from '../harness/mocha.ts';
import { until } from '../harness/wait.ts';
import type { Workbench } from '../harness/workbench.ts';

const GOAL = 'Build a mini kernel whose gamma and delta subsystems clash';
const CONFIG = '[llm]\nmodel = "playbook/clash"\n';
const RUN_MS = 120_000;

const engine = (folder: string): { pid: number } | null => {
  const file = join(folder, '.auton', 'engine.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }) : null;
};

/** Types a goal of its own and takes the configured playbook. */
async function runClash(window: Workbench): Promise<void> {
  await window.command('AUTON: Run Goal');
  await window.quickInput.asks(/What shall the agents build/);
  await window.quickInput.type(GOAL);
  await window.quickInput.pick(GOAL);
  await window.quickInput.asks(/Who works on it/);
  await window.quickInput.pick('playbook/clash');
}

describe('The engine behind the windows', function () {
  this.timeout(4 * RUN_MS);
  const desk = useDesk();

  it('is shown when it was killed, and goes on with its run when it is restarted', async () => {
    const folder = desk.workspace({ files: { 'auton.toml': CONFIG } });
    const window = await desk.open({ folder });
    await runClash(window);
    await window.container('AUTON');
    await window.statusItem(/[1-9]\/5/, RUN_MS);
    const killed = engine(folder)!;
    process.kill(killed.pid, 'SIGKILL');

    await window.notification(/engine ended unexpectedly/, RUN_MS);
    await window.screenshot('engine-lost');
    await window.answer(/engine ended unexpectedly/, 'Restart Engine');
    await window.notification(/The run (is done|failed)/, RUN_MS);
    assert.notEqual(engine(folder)?.pid, killed.pid);
  });

  it('is one for two windows, and what one asks of the run the other shows', async () => {
    const folder = desk.workspace({ files: { 'auton.toml': CONFIG } });
    const one = await desk.open({ folder });
    const two = await desk.open({ folder });
    await runClash(one);
    await two.container('AUTON');
    await two.tree('Runs').row(GOAL, RUN_MS);
    await two.command('AUTON: Pause');
    await one.container('AUTON');
    await one.statusItem(/paused/i, RUN_MS);
    const { pid } = engine(folder)!;
    await one.command('AUTON: Resume');
    for (const window of [one, two]) {
      await window.statusItem(/done|failed/i, RUN_MS);
    }
    assert.equal(engine(folder)?.pid, pid);
  });

  it('ends by itself when no window needs it any more', async () => {
    const folder = desk.workspace({ files: { 'auton.toml': CONFIG } });
    const window = await desk.open({ folder });
    await window.command('AUTON: Restart Engine');
    await window.statusItem(/engine of AUTON was restarted/);
    assert.ok(engine(folder));
    await window.page.close();
    await until('the engine to end', () => engine(folder) === null, { timeoutMs: 60_000 });
  });

  it('says who is in its way when another program has its socket', async () => {
    const folder = desk.workspace({ files: { 'auton.toml': CONFIG } });
    mkdirSync(join(folder, '.auton'));
    const socket = join(folder, '.auton', 'engine.sock');
    const other = createServer().listen(socket);
    try {
      const window = await desk.open({ folder });
      await window.command('AUTON: Restart Engine');
      await window.notification(/Another program listens on the engine's socket.*delete the socket/s, 60_000);
      await window.screenshot('socket-in-use');
    } finally {
      other.close();
    }
  });
});

describe('Several folders in one window', function () {
  this.timeout(2 * RUN_MS);
  const desk = useDesk();

  it('each have their runs; a goal asks in which one', async () => {
    const folders = ['', ''].map(() => desk.workspace({ files: { 'auton.toml': CONFIG } }));
    const window = await desk.open({ workspace: desk.multiRoot(folders) });
    await window.command('AUTON: Run Goal');
    await window.quickInput.asks(/which folder/i);
    const names = (await window.quickInput.items()).map(({ label }) => label);
    assert.equal(names.length, 2);
    await window.quickInput.pick(names[1]!);
    await window.quickInput.asks(/What shall the agents build/);
    await window.quickInput.type(GOAL);
    await window.quickInput.pick(GOAL);
    await window.quickInput.asks(/Who works on it/);
    await window.quickInput.pick('playbook/clash');
    await window.container('AUTON');
    await window.tree('Runs').row(names[1]!, RUN_MS);
    await window.tree('Runs').row(GOAL, RUN_MS);
    await until('the run in the second folder', () => existsSync(join(folders[1]!, '.auton', 'runs')));
    assert.ok(!existsSync(join(folders[0]!, '.auton', 'runs')), 'the run is in the first folder');
  });
});
