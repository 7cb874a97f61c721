import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTraining } from '../../../src/extension/training/training-log.ts';

const SHIPPED = readFileSync(join(import.meta.dirname, '../../../SLM/models/training.jsonl'), 'utf8');
const read = (text: string, age = 0) => readTraining('log.jsonl', text, 1_000_000 - age, 1_000_000);

const begin = '{"event": "begin", "seconds": 1, "name": "nano", "parameters": 1200000, "device": "cpu"}';
const step = (n: number, loss: number | string, learns = 'task') =>
  `{"event": "step", "seconds": ${n}, "step": ${n}, "steps": 100, "loss": ${loss}, "learns": "${learns}", "fraction": ${n / 100}, "examples_per_second": 50}`;
const evaluation = (n: number, label: number) =>
  `{"event": "evaluation", "seconds": ${n}, "step": ${n}, "validation_loss": 1.5, "validation_label": ${label}, "validation_action": 0.2}`;

describe('the log of a training', () => {
  it('of the shipped model is read as a whole', () => {
    const training = read(SHIPPED);
    assert.ok(training);
    assert.deepEqual([training.name, training.state, training.device], ['mini_3M', 'done', 'NVIDIA H200']);
    assert.ok(training.loss.length > 10 && training.validation.length > 3);
    assert.ok(
      training.loss.every(({ value }) => value < 3),
      'the loss of plain text is among them',
    );
    assert.ok(training.label.at(-1)!.value > 0.89);
  });

  it('goes on behind a checkpoint when the training was taken up again', () => {
    const training = read(
      [
        begin,
        step(10, 3),
        step(20, 2),
        evaluation(20, 0.5),
        step(30, 1),
        begin,
        '{"event": "resumed", "seconds": 0, "step": 20}',
        step(30, 1.2),
      ].join('\n'),
    )!;
    assert.deepEqual(training.loss, [
      { step: 10, value: 3 },
      { step: 20, value: 2 },
      { step: 30, value: 1.2 },
    ]);
    assert.deepEqual(training.label, [{ step: 20, value: 0.5 }]);
    assert.equal(training.state, 'running');
  });

  it('is read as far as it is one: NaN, half a line, other events, other files', () => {
    const training = read(
      [begin, step(10, 'NaN'), '{"event": "of a later version"}', 'text', step(20, 2), '{"event": "st'].join(
        '\n',
      ),
    )!;
    assert.deepEqual(training.loss, [{ step: 20, value: 2 }]);
    assert.equal(read('{"type": "run.created"}\n'), null);
    assert.equal(read(''), null);
  });

  it('tells a training that ended, diverged, or has fallen silent', () => {
    assert.equal(
      read([begin, step(10, 2), '{"event": "done", "seconds": 9, "step": 10, "best": 0.5}'].join('\n'))!
        .state,
      'done',
    );
    assert.equal(
      read(
        [begin, '{"event": "diverged", "seconds": 9, "reason": "", "attempt": 3, "retries": 3}'].join('\n'),
      )!.state,
      'diverged',
    );
    assert.equal(read([begin, step(10, 2)].join('\n'), 300_000)!.state, 'stopped');
    assert.equal(read([begin, step(10, 2)].join('\n'), 1000)!.state, 'running');
  });

  it('is thinned to what a picture can show', () => {
    const steps = Array.from({ length: 5000 }, (_, i) => step(i + 1, 5000 - i));
    const { loss } = read([begin, ...steps].join('\n'))!;
    assert.ok(loss.length <= 402);
    assert.deepEqual(loss.at(-1), { step: 5000, value: 1 });
  });
});
