import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContentReader } from '../../../src/git/contents.ts';

describe('looking up objects', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auton-objects-'));
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' }).trim();
  const started: ChildProcessWithoutNullStreams[] = [];
  let reader: ContentReader;
  before(() => {
    git('init', '-q', '-b', 'main');
    git('commit', '-q', '--allow-empty', '-m', 'First');
    reader = new ContentReader(() => {
      const child = spawn('git', ['-C', folder, 'cat-file', '--batch-command'], { stdio: 'pipe' });
      started.push(child);
      return child;
    });
  });
  after(() => {
    reader.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('answers many questions at once, in order', async () => {
    const [commit, tree, none, odd] = await Promise.all(
      ['refs/heads/main', 'main^{tree}', 'refs/heads/none', 'a\nb'].map((name) => reader.find(name)),
    );
    assert.equal(commit?.id, git('rev-parse', 'main'));
    assert.equal(commit?.type, 'commit');
    assert.equal(tree?.id, git('rev-parse', 'main^{tree}'));
    assert.equal(none, null);
    assert.equal(odd, null);
  });

  it('sees at once what another process has moved, also after the refs were packed', async () => {
    for (const pack of [false, true]) {
      git('commit', '-q', '--allow-empty', '-m', 'Next');
      if (pack) git('gc', '-q', '--prune=now');
      assert.equal((await reader.find('refs/heads/main'))?.id, git('rev-parse', 'main'));
    }
    assert.equal(started.length, 1);
  });

  it('starts again when its process is gone', async () => {
    const first = started.at(-1);
    const ended = new Promise((resolve) => first?.once('close', resolve));
    first?.kill('SIGKILL');
    await ended;
    assert.equal((await reader.find('refs/heads/main'))?.id, git('rev-parse', 'main'));
    assert.equal(started.length, 2);
  });
});
