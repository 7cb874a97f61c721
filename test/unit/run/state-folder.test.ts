import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeStateFolder } from '../../../src/run/state-folder.ts';

describe('the state folder', () => {
  it("does not show in the user's own repository, and keeps rules that the user wrote", () => {
    const folder = mkdtempSync(join(tmpdir(), 'auton-state-'));
    try {
      execFileSync('git', ['init', '--quiet'], { cwd: folder });
      const state = makeStateFolder(folder);
      writeFileSync(join(state, 'engine.json'), '{}');
      const status = () => execFileSync('git', ['status', '--porcelain'], { cwd: folder, encoding: 'utf8' });
      assert.equal(status(), '');

      const rules = join(state, '.gitignore');
      writeFileSync(rules, '*\n!keep\n');
      makeStateFolder(folder);
      assert.equal(readFileSync(rules, 'utf8'), '*\n!keep\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
