import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunHandle } from '../../../src/protocol/control.ts';
import { startRun } from '../../../src/run/start.ts';

describe('a run that makes a model where there is no Python for it', () => {
  let folder: string;
  let run: RunHandle | undefined;

  beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'auton-no-python-')))));
  afterEach(async () => {
    await run?.shutdown();
    rmSync(folder, { recursive: true, force: true });
  });

  it('waits for one, and says what to do', async () => {
    const env = { ...process.env, AUTON_SLM_PYTHON: join(folder, 'python') };
    const goal = 'Train a small language model for the kernel';
    run = await startRun({ folder, goal, mode: 'slm_training', playbook: 'slm', env });
    assert.equal(await run.stopped, 'paused');
    assert.match(
      run.state.statusMessage,
      /AUTON_SLM_PYTHON \(.*\) does not exist\. Let AUTON_SLM_PYTHON name/,
    );
    assert.equal(run.state.tasks.size, 0, 'nothing has begun that could not go on');
  });
});
