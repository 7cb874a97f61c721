import assert from 'node:assert/strict';
import { safeDirectories } from '../../../src/git/inspect.ts';

describe('folders that git is to trust', () => {
  const { HOME } = process.env;
  afterEach(() => {
    if (HOME !== undefined) process.env['HOME'] = HOME;
  });

  it('are none for a user without a home, as in a service or a container', async () => {
    delete process.env['HOME'];
    assert.deepEqual(await safeDirectories(), []);
  });
});
