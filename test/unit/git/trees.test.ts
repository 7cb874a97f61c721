import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ObjectWriter } from '../../../src/git/loose.ts';
import { ContentReader } from '../../../src/git/contents.ts';
import { Trees, type TreeEntry } from '../../../src/git/trees.ts';

type Files = Record<string, string>;

const BASE: Files = {
  ...{ 'a.c': 'a', 'b.c': 'b', 'dir/c.c': 'c', 'dir/sub/d.c': 'd', 'other/e.c': 'e' },
  ...{ 'dir.c': 'sorts before dir/', 'dir-x/f.c': 'f', 'ü/名前.c': 'u', '\ue000': 'x', '𝒳': 'y' },
};

/** What one side of a merge does, `null` removes a file. */
const SIDES: Record<string, Record<string, string | null>> = {
  nothing: {},
  'a new file': { 'new.c': 'n' },
  'another new file in a new folder': { 'far/away/new.c': 'n' },
  'the same new file': { 'new.c': 'n' },
  'the new file with other content': { 'new.c': 'other' },
  'a change': { 'dir/c.c': 'changed' },
  'the same change': { 'dir/c.c': 'changed' },
  'another change of it': { 'dir/c.c': 'changed too' },
  'a change below': { 'dir/sub/d.c': 'changed' },
  'a file beside it': { 'dir/sub/new.c': 'n' },
  'a file where the other has a folder': { far: 'file' },
  'a removed file': { 'a.c': null },
  'a moved folder': { 'dir/c.c': null, 'dir/sub/d.c': null, 'moved/c.c': 'c', 'moved/sub/d.c': 'd' },
  'a change of a file and a folder in its place': { 'b.c': null, 'b.c/inside.c': 'i' },
  'a link in place of a file': { 'b.c': '-> a.c' },
};

describe('trees', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auton-trees-'));
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      [
        '-C',
        folder,
        '-c',
        'user.name=a',
        '-c',
        'user.email=a@example.org',
        '-c',
        'core.quotePath=false',
        ...args,
      ],
      { encoding: 'utf8' },
    ).trim();
  let objects: ContentReader;
  let writer: ObjectWriter;
  let trees: Trees;
  before(() => {
    git('init', '-q', '-b', 'main');
    objects = new ContentReader(() =>
      spawn('git', ['-C', folder, 'cat-file', '--batch-command'], { stdio: 'pipe' }),
    );
    writer = new ObjectWriter(join(folder, '.git'), 'sha1');
    trees = new Trees(objects, writer);
  });
  after(() => {
    objects.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The tree that git makes of files. */
  const treeOf = (files: Files): string => {
    for (const name of git('ls-files', '-z').split('\0').filter(Boolean))
      rmSync(join(folder, name), { recursive: true, force: true });
    git('read-tree', '--empty');
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      rmSync(file, { recursive: true, force: true });
      mkdirSync(dirname(file), { recursive: true });
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), file);
      else writeFileSync(file, text);
    }
    git('add', '--all', '-f');
    return git('write-tree');
  };
  const apply = (base: Files, change: Record<string, string | null>): Files =>
    Object.fromEntries(
      Object.entries({ ...base, ...change }).flatMap(([path, text]) => (text === null ? [] : [[path, text]])),
    );
  const entry = (text: string): TreeEntry => {
    const [mode, content] = text.startsWith('-> ') ? ['120000', text.slice(3)] : ['100644', text];
    return { mode, id: writer.write('blob', Buffer.from(content)) };
  };

  it('list the files that git lists', async () => {
    const tree = treeOf(BASE);
    const files = await trees.files(tree);
    const listed = [...files!].map(([path, { mode, id }]) => `${mode} blob ${id}\t${path}`);
    assert.deepEqual(listed.sort(), git('ls-tree', '-r', tree).split('\n').sort());
  });

  for (const [name, change] of Object.entries(SIDES)) {
    it(`are written and compared as git does it: ${name}`, async () => {
      const base = treeOf(BASE);
      const expected = treeOf(apply(BASE, change));
      const files = new Map(
        Object.entries(change).map(([path, text]) => [path, text === null ? null : entry(text)]),
      );
      assert.equal(await trees.write(base, files), expected);
      const differing = (await trees.changes(base, expected))!.map(
        ({ path, before, after }) => `${before?.id ?? '0'.repeat(40)} ${after?.id ?? '0'.repeat(40)} ${path}`,
      );
      const fields = git('diff-tree', '-r', '-z', '--no-renames', base, expected).split('\0').filter(Boolean);
      const listed = fields.flatMap((field, at) =>
        at % 2 === 0 ? [`${field.split(' ').slice(2, 4).join(' ')} ${fields[at + 1]}`] : [],
      );
      assert.deepEqual(differing.sort(), listed.sort());
    });
  }

  it('merge as git does, or leave it to git', async () => {
    const commit = (tree: string, ...parents: string[]) =>
      git('commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-m', 'x');
    const base = treeOf(BASE);
    const root = commit(base);
    const sides = Object.entries(SIDES).map(([name, change]) => {
      const tree = treeOf(apply(BASE, change));
      return { name, tree, commit: commit(tree, root) };
    });
    let merged = 0;
    for (const ours of sides) {
      for (const theirs of sides) {
        const found = await trees.merge(base, ours.tree, theirs.tree);
        if (found === null) continue;
        merged += 1;
        const asked = spawnSync('git', [
          '-C',
          folder,
          'merge-tree',
          '--write-tree',
          ours.commit,
          theirs.commit,
        ]);
        assert.equal(asked.stdout.toString().trim(), found, `${ours.name} and ${theirs.name}`);
      }
    }
    assert.ok(merged > 80, `only ${merged} were merged`);
  });

  it('leave names that are no text to git', async () => {
    const id = writer.write('blob', Buffer.from('x'));
    const content = Buffer.concat([Buffer.from('100644 \xff\xfe\0', 'latin1'), Buffer.from(id, 'hex')]);
    const tree = writer.write('tree', content);
    assert.equal(await trees.files(tree), null);
    assert.equal(await trees.merge(tree, treeOf(BASE), treeOf({})), null);
    assert.equal(git('cat-file', '-t', tree), 'tree');
  });
});
