import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callName } from '../../../src/cli/cli.ts';

describe('how AUTON tells people to call it', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-call-'));
    mkdirSync(join(folder, 'dist'));
    mkdirSync(join(folder, 'bin'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('names the launcher, which finds the right Node, rather than the bundle', () => {
    writeFileSync(join(folder, 'bin', 'auton.mjs'), '');
    assert.equal(callName(join(folder, 'dist', 'auton.mjs'), folder, {}), 'node bin/auton.mjs');
    assert.equal(
      callName(join(folder, 'dist', 'auton.mjs'), tmpdir(), {}),
      `node ${join(folder, 'bin', 'auton.mjs').slice(tmpdir().length + 1)}`,
    );
  });

  it('is "auton" when that is on the PATH of the user', () => {
    writeFileSync(join(folder, 'bin', 'auton'), '');
    assert.equal(callName('/elsewhere/auton.mjs', folder, { PATH: join(folder, 'bin') }), 'auton');
  });
});
