import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostProgram } from '../../src/slm/host/host-program.ts';
import type { Python } from '../../src/slm/python/environment.ts';
import { PythonJudge } from '../../src/validation/slm/judge.ts';
import { validateModel } from '../../src/validation/slm/validate.ts';
import type { Workbench } from '../fixtures/tool-workbench.ts';
import { artefacts, modelBench } from './bench.ts';
import { pipelinePython } from './python.ts';

/** What an agent reads when a training ends before it is done, and what becomes of it. */
describe('a training of a run that ends too early', function () {
  this.timeout(900_000);
  let python: Python;
  let first: Workbench;
  const benches: Workbench[] = [];
  /** Processes of the training that are to be killed when it has come to step 40: its first checkpoint is there then. */
  let killed = '';

  before(async function () {
    python = await pipelinePython(this);
    first = await bench({
      onEvent: (stage, event) => {
        if (stage === 'train' && event.event === 'evaluation' && event.step === 40 && killed !== '')
          process.kill(trainerOf(killed), 'SIGKILL');
      },
    });
    const { ok, text } = await first.call('prepare_data', {});
    assert.ok(ok, text);
  });
  after(() => benches.forEach((made) => made.remove()));

  async function bench(options: Parameters<typeof modelBench>[1]): Promise<Workbench> {
    const made = await modelBench(python, options);
    benches.push(made);
    if (first) cpSync(join(artefacts(first), 'data'), join(artefacts(made), 'data'), { recursive: true });
    return made;
  }

  /** The process in the sandbox that trains into this folder. */
  function trainerOf(out: string): number {
    const found = readdirSync('/proc').filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        const argv = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        return argv[0] === python.program && argv.includes(`--out=${out}`);
      } catch {
        return false; // it has ended
      }
    });
    assert.equal(found.length, 1, `${found.length} processes train into ${out}`);
    return Number(found[0]);
  }

  it('by SIGKILL: goes on where it was, and its gate takes what comes out', async () => {
    killed = join(artefacts(first), 'killed');
    const call = () => first.call('train_model', { name: 'killed' });
    const cut = await call();
    assert.equal(cut.ok, false);
    assert.match(cut.text, /train was killed, perhaps because the memory was full.*goes on where it was/);
    killed = '';
    const whole = await call();
    assert.ok(whole.ok, whole.text);
    assert.match(whole.text, /Goes on at step (20|40)\.[^]*Done at step 60/);

    const scratch = join(first.root, 'scratch');
    mkdirSync(scratch);
    const judge = new PythonJudge({
      ...{ python, scratch, timeoutMs: 600_000, signal: undefined, sandbox: first.context.sandbox },
      readable: [first.worktree, artefacts(first)],
      engine: () => hostProgram(process.env),
    });
    const { passed, summary } = await validateModel(
      [{ kind: 'training', name: 'killed' }],
      () => ({ path: first.worktree, folder: artefacts(first), judge, goals: {} }),
      { runFolder: join(first.root, 'run') },
    );
    assert.ok(passed, summary);
  });

  it('by a disk that is full: says so, and leaves no half of a checkpoint', async () => {
    // A limit on the size of a file stands for the full disk: to a program they look the same. What training goes on
    // from has three times the size of the model.
    const small = await bench({ limits: { max_file_mb: 16 } });
    const set = { 'model.ffn': 4096, 'train.steps': 20 };
    const { ok, text } = await small.call('train_model', { name: 'large', set });
    assert.equal(ok, false);
    assert.match(text, /There is no disk space for \S+\/last\.pt\..*Free some space, then start it again/);
    assert.deepEqual(
      readdirSync(join(artefacts(small), 'large')).filter((name) => /\.p(art|t)$/.test(name)),
      ['best.pt'],
    );
  });

  it('by its time: says which limit it was', async () => {
    const short = await bench({ stageTimeoutMs: 5_000 });
    const set = { 'train.steps': 1_000_000 };
    const { ok, text } = await short.call('train_model', { name: 'long', set });
    assert.equal(ok, false);
    assert.match(
      text,
      /train was ended: its time of 5 s was up\. Set train\.max_seconds.*slm\.stage_timeout/,
    );
  });
});
