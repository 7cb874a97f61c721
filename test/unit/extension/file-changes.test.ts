import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  changesBetween,
  changesInWorktree,
  type FileChange,
} from '../../../src/extension/changes/file-changes.ts';
import { Repositories } from '../../../src/extension/changes/repositories.ts';
import { GoneError } from '../../../src/extension/changes/repository.ts';
import { gitFolder } from './git-folder.ts';

const LINES = 'one\ntwo\nthree\nfour\nfive\nsix\n';

/** "R old -> new +1 -1" */
function show({ status, path, oldPath, added, removed }: FileChange): string {
  const names = oldPath === undefined ? path : `${oldPath} -> ${path}`;
  return added === null ? `${status} ${names} binary` : `${status} ${names} +${added} -${removed}`;
}

describe('files that differ', () => {
  const folder = gitFolder();
  const repositories = new Repositories();
  let base: string;
  before(() => {
    folder.write('changed.c', LINES);
    folder.write('deleted.c', LINES);
    folder.write('old name.c', `${LINES}seven\n`);
    folder.write('日本.c', LINES);
    folder.write('odd\n\tname".c', LINES);
    folder.write('image.png', Buffer.from([137, 0, 1]));
    folder.write('becomes-link', LINES);
    folder.write('tool.sh', LINES);
    base = folder.commit('Base');
    folder.write('changed.c', LINES.replace('two\n', ''));
    rmSync(join(folder.path, 'deleted.c'));
    mkdirSync(join(folder.path, 'sub'));
    renameSync(join(folder.path, 'old name.c'), join(folder.path, 'sub/ü.c'));
    folder.write('日本.c', `${LINES}more\n`);
    folder.write('odd\n\tname".c', `${LINES}more\nand more`);
    folder.write('image.png', Buffer.from([137, 0, 2]));
    folder.write('added.c', 'something\nelse\n');
    folder.write('-3\t4\tlike-a-count', '');
    rmSync(join(folder.path, 'becomes-link'));
    symlinkSync('tool.sh', join(folder.path, 'becomes-link'));
    chmodSync(join(folder.path, 'tool.sh'), 0o755);
    mkdirSync(join(folder.path, 'vendor'));
  });
  after(() => {
    repositories.dispose();
    folder.remove();
  });

  const expected = [
    'A -3\t4\tlike-a-count +0 -0',
    'A added.c +2 -0',
    'T becomes-link +1 -6',
    'M changed.c +0 -1',
    'D deleted.c +0 -6',
    'M image.png binary',
    'M odd\n\tname".c +2 -0',
    'M tool.sh +0 -0',
    'M 日本.c +1 -0',
  ];

  it('in a worktree are told as they are now, also what git does not know yet', async () => {
    const linked = `${folder.path}-linked`;
    const write = (name: string, text: string) => {
      mkdirSync(dirname(join(linked, name)), { recursive: true });
      writeFileSync(join(linked, name), text);
    };
    folder.git('worktree', 'add', '-q', '--detach', linked, base);
    try {
      write('changed.c', 'new\n');
      write('image.png', LINES);
      write('untracked/日本 new.c', 'one\ntwo');
      write('.gitignore', '*.o\n');
      write('build.o', 'x');
      symlinkSync('/nowhere', join(linked, 'link'));
      folder.git('init', '-q', join(linked, 'embedded'));
      rmSync(join(linked, 'deleted.c'));
      const files = await changesInWorktree(await repositories.get(folder.path), linked, base);
      assert.deepEqual(files.map(show), [
        'A .gitignore +1 -0',
        'M changed.c +1 -6',
        'D deleted.c +0 -6',
        'M image.png binary',
        'A link +1 -0',
        'A untracked/日本 new.c +2 -0',
      ]);
    } finally {
      rmSync(linked, { recursive: true, force: true });
    }
  });

  it('between two commits are told with their lines, renames and odd names', async () => {
    folder.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor`);
    const head = folder.commit('Head');
    const files = await changesBetween(await repositories.get(folder.path), base, head);
    assert.deepEqual(
      files.map(show).sort(),
      [...expected, 'R old name.c -> sub/ü.c +0 -0', 'A vendor +1 -0'].sort(),
    );
    const modes = Object.fromEntries(files.map(({ path, oldMode, mode }) => [path, `${oldMode} ${mode}`]));
    assert.equal(modes['becomes-link'], '100644 120000');
    assert.equal(modes['vendor'], '000000 160000');
    assert.equal(modes['deleted.c'], '100644 000000');
  });

  it('cannot be told when a commit, a worktree or the repository is gone', async () => {
    const repository = await repositories.get(folder.path);
    const is = (what: GoneError['what']) => (error: unknown) =>
      error instanceof GoneError && error.what === what;
    await assert.rejects(changesBetween(repository, base, '2'.repeat(40)), is('commit'));
    await assert.rejects(changesInWorktree(repository, '/nowhere', base), is('worktree'));
    folder.remove();
    await assert.rejects(changesBetween(repository, base, base), is('repository'));
  });
});
