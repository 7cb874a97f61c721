import assert from 'node:assert/strict';
import { join } from 'node:path';
import { slmPipeline } from '../../../src/agents/slm-pipeline.ts';
import { createModels } from '../../../src/models/models.ts';
import { expandCalls } from '../../../src/models/playbook/expand.ts';
import { loadPlaybook } from '../../../src/models/playbook/load.ts';
import { configSchema, modelSizeSchema } from '../../../src/protocol/config.ts';

const MODELS = new RegExp(modelSizeSchema.options.join('|'), 'g');

for (const name of ['slm', 'dual']) {
  describe(`the playbook ${name}`, () => {
    const playbook = loadPlaybook(join('playbooks', name));
    const named = (value: unknown) => new Set(JSON.stringify(value).match(MODELS));

    it('makes the model of which its tasks speak, whatever else is configured', () => {
      const config = configSchema.parse({
        llm: { model: `playbook/${name}` },
        slm: { model_size: 'tiny_10M' },
      });
      const models = createModels(config, { env: {}, playbooksFolder: 'playbooks', folder: '.' });
      const size = models.modelSize()!;
      models.close();
      const tasks = slmPipeline({ trainings: 2, size, quantization: 'int8', training: {} });
      const sessions = [...playbook.sessions.x86_64!].filter(([, { task }]) => task.startsWith('slm-'));
      const done = sessions.map(([key, session]) =>
        session.answer.flatMap((answer) => [answer.text, expandCalls(playbook, 'x86_64', key, answer)]),
      );
      assert.deepEqual(named(tasks), new Set(['pico_200K']));
      assert.deepEqual(named(done), named(tasks));
    });
  });
}

describe('a run whose agents are models', () => {
  it('makes the model that is configured', () => {
    const config = configSchema.parse({ llm: { model: 'openai/gpt' } });
    const models = createModels(config, { env: {}, playbooksFolder: 'playbooks', folder: '.' });
    assert.equal(models.modelSize(), undefined);
    models.close();
  });
});
