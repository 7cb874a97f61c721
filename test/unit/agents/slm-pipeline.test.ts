import assert from 'node:assert/strict';
import { integrationTask, pipelineStep, slmPipeline } from '../../../src/agents/slm-pipeline.ts';
import { taskSpecSchema } from '../../../src/protocol/schema/task.ts';
import { checkTasks } from '../../../src/run/graph.ts';

const settings = { size: 'nano_1M' as const, quantization: 'int8' as const, training: {} };

describe('the tasks that make a model', () => {
  for (const trainings of [1, 4, 64]) {
    it(`are a graph that can be worked on with ${trainings} trainings`, () => {
      const tasks = slmPipeline({ ...settings, trainings });
      assert.equal(tasks.length, 7 + trainings);
      for (const task of tasks) taskSpecSchema.parse(task);
      assert.deepEqual(checkTasks([...tasks, integrationTask(tasks.map(({ id }) => id))]), []);
    });
  }

  it('own different files, so that no two of them conflict', () => {
    const scopes = slmPipeline({ ...settings, trainings: 4 }).flatMap(({ scope }) => scope);
    assert.equal(new Set(scopes).size, scopes.length);
  });

  it('tell those that train what the user has set for every training', () => {
    const tasks = slmPipeline({ ...settings, trainings: 2, training: { 'train.steps': 900 } });
    const told = tasks.filter(({ description }) => description.includes('The user has set train.steps 900'));
    assert.deepEqual(
      told.map(({ id }) => id),
      ['slm-training-1', 'slm-training-2'],
    );
  });

  it('are each a step that is judged; a task of the kernel is none', () => {
    const steps = slmPipeline({ ...settings, trainings: 2 }).map((task) => pipelineStep(task));
    assert.ok(steps.every((step) => step !== null));
    assert.deepEqual(steps[3], { step: 'training', name: 'candidate-2' });
    assert.equal(pipelineStep({ id: 'memory' }), null);
    assert.equal(pipelineStep(integrationTask([])), null);
  });
});
