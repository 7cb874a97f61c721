import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunHandle } from '../../src/protocol/control.ts';
import { startRun } from '../../src/run/start.ts';
import { onlyWhenLong } from '../fixtures/long.ts';
import { pipelinePython } from './python.ts';

/** Everything of both modes at once: in dual mode the tasks of slm_training run as they are, beside a kernel build. */
describe('a run that makes a model and a kernel', function () {
  this.timeout(3_600_000);
  let folder: string;
  let run: RunHandle;

  before(async function () {
    onlyWhenLong(this, 'five minutes or more');
    await pipelinePython(this);
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'auton-slm-run-')));
    const goal = 'Build a kernel and train a small language model for it';
    run = await startRun({ folder, goal, mode: 'dual', playbook: 'dual', env: process.env });
    await run.stopped;
  });
  after(async () => {
    await run?.shutdown();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const evidence = (task: string) => run.state.tasks.get(task)?.evidence ?? [];
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', run.state.workspace, ...args], { maxBuffer: 2 ** 28 });

  it('ends with every task merged and every gate passed', () => {
    const { status, statusMessage, tasks } = run.state;
    assert.equal(status, 'done', statusMessage);
    assert.deepEqual(
      [...tasks.values()].filter(({ state }) => state !== 'merged').map(({ spec }) => spec.id),
      [],
    );
  });

  it('speaks of the model that it makes', () => {
    const asked = [...run.state.tasks.values()].map(({ spec }) => spec.description).join('\n');
    assert.deepEqual(new Set(asked.match(/\b(?:pico|nano|mini)_\d+[KM]/g)), new Set(['pico_200K']));
  });

  it('tried two trainings and took the better one', () => {
    const loss = (name: string) => {
      const record = JSON.parse(git('show', `main:SLM/training/${name}.json`).toString()) as {
        validation: { loss: number };
      };
      return record.validation.loss;
    };
    const choice = JSON.parse(git('show', 'main:SLM/training/choice.json').toString()) as { name: string };
    assert.equal(choice.name, 'candidate-1');
    assert.ok(loss('candidate-1') < loss('candidate-2'));
    assert.deepEqual(
      evidence('slm-training').flatMap(
        ({ tests }) => tests.filter(({ name }) => name === 'slm_choice_best').length,
      ),
      [0, 1, 0],
    );
  });

  it('measured everything that agents said again', () => {
    const checks = new Set(
      [...run.state.tasks.keys()].flatMap(evidence).flatMap(({ tests }) => tests.map(({ name }) => name)),
    );
    for (const name of [
      'data_leak',
      'checkpoint_loss',
      'evaluation_repeats',
      'int8_loss',
      'int4_loss',
      'export_logits',
      'export_engine',
      'export_tokenizer',
      'exported_loss',
    ])
      assert.ok(checks.has(`slm_${name}`), name);
  });

  it('shows how far a stage is, and names the log of a training', () => {
    const { stage } = run.state.tasks.get('slm-training-1')!;
    assert.equal(stage?.name, 'train');
    assert.equal(stage?.fraction, 1);
    const log = readFileSync(join(run.folder, stage.log!), 'utf8');
    assert.match(log, /"event": "done"/);
  });

  it('put the very file that was exported into a kernel that boots with it', () => {
    const hash = (path: string) =>
      createHash('sha256')
        .update(git('show', `main:${path}`))
        .digest('hex');
    const [embedded] =
      git('ls-tree', '--name-only', 'main', 'slm/models/')
        .toString()
        .match(/\S+\.gguf$/m) ?? [];
    assert.ok(embedded);
    assert.equal(hash(embedded), hash('SLM/models/pico_200K-Q8_0.gguf'));
    const booted = run.state.evidence.findLast(({ kind }) => kind === 'boot');
    assert.ok(booted?.tests.some(({ name, passed }) => name === 'slm_neural_init' && passed));
  });
});
