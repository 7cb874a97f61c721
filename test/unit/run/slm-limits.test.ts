import assert from 'node:assert/strict';
import { configSchema } from '../../../src/protocol/config.ts';
import { sandboxLimits } from '../../../src/run/slm/limits.ts';

const MB = 2 ** 20;
/** Of the shipped configurations, in millions. */
const PARAMETERS = [
  ['nano_1M', 1.21],
  ['tiny_10M', 10.5],
  ['small_50M', 51.4],
  ['large_500M', 506],
] as const;

describe('the limits of commands in a run that makes a model', () => {
  for (const [size, millions] of PARAMETERS) {
    it(`leave room for the trainings of a ${size}`, () => {
      const config = configSchema.parse({ workflow: { mode: 'slm_training' } });
      const { max_file_mb: file } = sandboxLimits(config, { trainings: 4, modelSize: size });
      const resumable = 12 * millions * 1e6; // weights and two moments
      assert.ok(resumable < file * MB, `${file} MB a file`);
      // Each has its last and its best checkpoint, and one of them is being written anew.
      const all = 4 * (resumable + 4 * millions * 1e6) + resumable;
      assert.ok(all < 2 * file * MB, `${file} MB a file, twice that a folder`);
    });
  }

  it('are those of the user where none is made', () => {
    const config = configSchema.parse({});
    assert.deepEqual(sandboxLimits(config, { trainings: 4, modelSize: 'large_500M' }), config.sandbox);
  });
});
