import assert from 'node:assert/strict';
import './harness/mocha.ts';
import { contentProblems } from './harness/package-content.ts';
import { sharedServer } from './harness/shared.ts';

describe('The .vsix', () => {
  it('holds all that AUTON needs and nothing else', async () => {
    assert.deepEqual(contentProblems(await sharedServer()), []);
  });
});
