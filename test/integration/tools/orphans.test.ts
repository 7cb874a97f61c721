import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endOrphans, processesRunning } from '../../../src/tools/sandbox/processes.ts';

describe('sandboxes that a killed engine left', function () {
  if (process.platform !== 'linux') return;
  let folder: string;
  let started: ChildProcess[];
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'auton-orphans-')));
    started = [];
  });
  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    for (const task of ['one', 'two']) {
      for (const pid of await processesRunning(join(folder, task))) process.kill(pid, 'SIGKILL');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a blocked bubblewrap looks like from outside. */
  const asSandbox = (name: string, place: string) =>
    `exec -a ${name} bash -c 'read -r _ < <(exec sleep 300)' ${name} --die-with-parent --bind '${place}' '${place}'`;
  const orphan = (name: string, place: string) =>
    spawnSync('bash', ['-c', `(${asSandbox(name, place)}) </dev/null >/dev/null 2>&1 &`]);

  it('are ended, and nothing else is', async () => {
    const [ours, others] = [join(folder, 'one'), join(folder, 'two')];
    orphan('bwrap', ours);
    orphan('bwrap', others);
    orphan('editor', ours);
    started.push(spawn('bash', ['-c', asSandbox('bwrap', ours)], { stdio: 'ignore' }));
    const seen = async (place: string) => (await processesRunning(place)).length;
    const until = async (place: string, count: number) => {
      for (let tries = 0; (await seen(place)) < count; tries += 1) {
        assert.ok(tries < 500, `${place} has ${await seen(place)} processes`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await until(ours, 3);
    await until(others, 1);
    assert.equal(await endOrphans(`${folder}/on`), 0, 'a folder of a name that begins alike');
    assert.equal(await endOrphans(ours), 0, 'the folder itself is not below it');
    assert.equal(await seen(ours), 3);
    assert.equal(await endOrphans(folder), 2);
    assert.equal(await seen(ours), 2, 'what has a parent, and what is no sandbox');
    assert.equal(await seen(others), 0);
  });
});
