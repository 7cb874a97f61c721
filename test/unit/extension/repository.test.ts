import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Repositories } from '../../../src/extension/changes/repositories.ts';
import { GoneError } from '../../../src/extension/changes/repository.ts';
import { gitFolder } from './git-folder.ts';

const NONE = '2'.repeat(40);

describe('files of commits', () => {
  const folder = gitFolder();
  const other = mkdtempSync(join(tmpdir(), 'auton-changes-'));
  const repositories = new Repositories();
  const binary = Buffer.from([0, 255, 10, 13, 10, 0]);
  const large = Buffer.alloc(3_000_000, 'line of text\n');
  let first: string;
  let second: string;
  before(() => {
    folder.write('src/mm/pmm.c', 'int a;\n');
    folder.write('src/mm/日本 ü.c', 'unicode\n');
    folder.write('src/odd\nname.c', 'newline\n');
    folder.write('boot.bin', binary);
    folder.write('large.txt', large);
    folder.write('empty', '');
    symlinkSync('mm/pmm.c', join(folder.path, 'src/link.c'));
    mkdirSync(join(folder.path, 'vendor'));
    folder.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor`);
    first = folder.commit('First\n\nWith a body.');
    folder.write('src/mm/pmm.c', 'int a, b;\n');
    second = folder.commit('Second');
  });
  after(() => {
    repositories.dispose();
    folder.remove();
    rmSync(other, { recursive: true, force: true });
  });

  const read = async (commit: string, path: string) => {
    const repository = await repositories.get(folder.path);
    const { id } = await repository.file(commit, path);
    const content = await repository.read(id);
    assert.equal(await repository.bytes(id), content?.length);
    return content;
  };
  const gone = (what: GoneError['what']) => (error: unknown) =>
    error instanceof GoneError && error.what === what;

  it('are read as they were, many at once', async () => {
    const contents = await Promise.all([
      read(first, 'src/mm/pmm.c'),
      read(second, 'src/mm/pmm.c'),
      read(first, 'large.txt'),
      read(first, 'src/mm/日本 ü.c'),
      read(first, 'src/odd\nname.c'),
      read(first, 'boot.bin'),
      read(first, 'empty'),
    ]);
    const expected = ['int a;\n', 'int a, b;\n', large, 'unicode\n', 'newline\n', binary, ''];
    for (const [index, content] of contents.entries())
      assert.deepEqual(content, Buffer.from(expected[index]!));
  });

  it('are told apart from links and submodules', async () => {
    const repository = await repositories.get(folder.path);
    assert.equal((await repository.file(first, 'src/link.c')).kind, 'link');
    assert.equal((await read(first, 'src/link.c'))?.toString(), 'mm/pmm.c');
    assert.deepEqual(await repository.file(first, 'vendor'), { kind: 'submodule', id: '1'.repeat(40) });
  });

  it('say what is gone: the file, the commit, the repository', async () => {
    const repository = await repositories.get(folder.path);
    await assert.rejects(repository.file(first, 'src/none.c'), gone('file'));
    await assert.rejects(repository.file(first, 'empty/none.c'), gone('file'));
    await assert.rejects(repository.file(NONE, 'empty'), gone('commit'));
    await assert.rejects(repositories.get(other), gone('repository'));
    await assert.rejects(repositories.get(join(other, 'none')), gone('repository'));
  });

  it('come with their commits', async () => {
    const repository = await repositories.get(folder.path);
    const commit = await repository.branch('main');
    assert.deepEqual(
      { ...commit, time: 0 },
      { id: second, parents: [first], author: 'agent', time: 0, message: 'Second' },
    );
    assert.equal((await repository.commit(first))?.message, 'First\n\nWith a body.');
    assert.equal(await repository.commit(NONE), null);
    assert.equal(await repository.branch('none'), null);
  });

  it('are found from a linked checkout too', async () => {
    folder.git('worktree', 'add', '-q', '--detach', join(other, 'linked'));
    const repository = await repositories.get(join(other, 'linked'));
    assert.equal(repository.commonDir, join(folder.path, '.git'));
  });

  it('are missing, and nothing is executed for them, where a remote is configured to have them', async () => {
    const proof = join(other, 'executed');
    const script = join(other, 'upload.sh');
    writeFileSync(script, `#!/bin/sh\ntouch '${proof}'\nexec git-upload-pack "$@"\n`, { mode: 0o755 });
    folder.git('config', 'remote.origin.url', folder.path);
    folder.git('config', 'remote.origin.promisor', 'true');
    folder.git('config', 'remote.origin.partialclonefilter', 'blob:none');
    folder.git('config', 'remote.origin.uploadpack', script);
    folder.git('config', 'protocol.file.allow', 'always');
    folder.git('config', 'core.repositoryFormatVersion', '1');
    folder.git('config', 'extensions.partialClone', 'origin');
    const fresh = new Repositories();
    try {
      const repository = await fresh.get(folder.path);
      await assert.rejects(repository.file(NONE, 'empty'));
      assert.equal(existsSync(proof), false, 'the configured command ran');
      // What is there is still read, also after git gave up on the other.
      assert.equal((await repository.file(first, 'empty')).kind, 'file');
      assert.throws(() => folder.git('cat-file', '-p', NONE));
      assert.equal(existsSync(proof), true, 'git itself would have run it');
    } finally {
      fresh.dispose();
    }
  });
});
