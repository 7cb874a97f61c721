import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckoutDirtyError, type Workspace, type Worktree } from '../../../src/git/workspace.ts';
import { Scene } from './helper.ts';

/** What an agent may do to its worktree; each is also done together with the others. */
const DEEDS: Record<string, (folder: string) => void> = {
  'adds files': (at) => {
    put(at, 'new.c', 'int n;\n');
    put(at, 'deep/er/still/x.h', '#pragma once\n');
    put(at, 'empty.txt', '');
  },
  'changes a file to one of the same size': (at) => put(at, 'a.c', 'int b;\n'),
  'writes the same again': (at) => put(at, 'a.c', 'int a;\n'),
  'removes files and a whole folder': (at) => {
    rmSync(join(at, 'dir'), { recursive: true });
    rmSync(join(at, 'z.c'));
  },
  'makes a file executable': (at) => chmodSync(join(at, 'run.sh'), 0o755),
  'makes links, also to nothing and to the outside': (at) => {
    symlinkSync('a.c', join(at, 'to-file'));
    symlinkSync('/etc', join(at, 'to-etc'));
    symlinkSync('nowhere', join(at, 'dangling'));
  },
  'puts a link where a file was': (at) => {
    rmSync(join(at, 'b.c'));
    symlinkSync('a.c', join(at, 'b.c'));
  },
  'puts a link where a folder was': (at) => {
    renameSync(join(at, 'lib'), join(at, 'library'));
    symlinkSync('library', join(at, 'lib'));
  },
  'puts a folder where a file was': (at) => {
    rmSync(join(at, 'swap'));
    put(at, 'swap/inside.c', 'int i;\n');
  },
  'puts a file where a folder was': (at) => {
    rmSync(join(at, 'folder'), { recursive: true });
    put(at, 'folder', 'a file\n');
  },
  'uses names of every kind': (at) => {
    for (const name of ['ü.c', '名前.c', '𝒳.c', '\ue000.c', 'two\nlines.c', 'a b', '-x', '"q"', '#h', 'ÿ.c'])
      put(at, `names/${name}`, `${name}\n`);
  },
  'leaves what is ignored': (at) => {
    put(at, 'build/kernel.elf', 'elf');
    put(at, 'build-x86_64/a.o', 'o');
    put(at, 'obj/a.o', 'o');
    put(at, 'obj/keep.o', 'kept\n');
    put(at, 'logs/a.log', 'log');
    put(at, 'logs/sub/b.log', 'log');
    put(at, 'notes.tmp', 'tmp');
    put(at, 'doc/only-here.tmp', 'tmp');
    put(at, 'doc/x/y/gen.c', 'gen');
  },
  'ignores more': (at) => put(at, 'doc/.gitignore', '*.html\n!index.html\nsub/\n/x/**/gen.c\n'),
  'leaves an empty folder': (at) => mkdirSync(join(at, 'void/and/null'), { recursive: true }),
  'writes CRLF': (at) => put(at, 'dos.c', 'a\r\nb\r\n'),
};

/** What only git itself can judge. */
const FOR_GIT: Record<string, (folder: string) => void> = {
  'attributes that change content': (at) => {
    put(at, '.gitattributes', '*.c text eol=crlf\n');
    put(at, 'crlf.c', 'a\r\nb\r\n');
  },
  'ignore patterns with sets and escapes': (at) => {
    put(at, '.gitignore', '*.[oa]\n\\#x\nfoo?\n');
    put(at, 'x.o', 'o');
    put(at, '#x', 'x');
    put(at, 'food', 'x');
  },
  'a name that Windows could not have': (at) => put(at, 'a:b\\c', 'x'),
  'a file of some megabytes': (at) => put(at, 'large.bin', 'x'.repeat(5 * 1024 * 1024)),
};

const START: Record<string, string> = {
  ...{
    'a.c': 'int a;\n',
    'b.c': 'int b;\n',
    'z.c': 'int z;\n',
    'dir/c.c': 'int c;\n',
    'dir/sub/d.c': 'int d;\n',
  },
  ...{ 'run.sh': '#!/bin/sh\n', 'lib/e.c': 'int e;\n', swap: 'file\n', 'folder/f.c': 'int f;\n' },
  ...{ 'doc/index.html': '<p>\n', '.gitignore': 'obj/*\n!obj/keep.o\n*.log\n/*.tmp\n# nothing\n' },
};

function put(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Everything below a folder but `.git`: kind, mode and content. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (name === '.git' || name.startsWith('.git/')) continue;
    const kind = entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'file';
    const mode = kind === 'file' ? lstatSync(path).mode.toString(8) : '';
    found[name] = `${kind} ${mode} ${kind === 'file' ? readFileSync(path, 'utf8') : ''}`;
  }
  return found;
}

describe('worktrees as git itself sees them', () => {
  let scene: Scene;
  let workspace: Workspace;
  beforeEach(async () => {
    scene = new Scene();
    workspace = await scene.open();
    await scene.land(workspace, 'base', START);
  });
  afterEach(() => scene.remove());

  /** The tree that `git add --all` makes of the worktree, in a copy of its index. */
  const treeByGit = ({ path }: Worktree): string => {
    const index = join(scene.folder, 'index-of-git');
    copyFileSync(scene.gitAt(path, 'rev-parse', '--git-path', 'index'), index);
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: path,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: scene.folder, GIT_INDEX_FILE: index },
      });
    git('add', '--all');
    return git('write-tree').trim();
  };

  const agrees = async (worktree: Worktree) => {
    const expected = treeByGit(worktree);
    const before = scene.gitAt(worktree.path, 'rev-parse', 'HEAD^{tree}');
    const head = await workspace.commit(worktree, 'Do', 'developer-1');
    assert.equal(head === null, expected === before);
    assert.equal(scene.gitAt(worktree.path, 'rev-parse', 'HEAD^{tree}'), expected);
    assert.equal(scene.gitAt(worktree.path, 'status', '--porcelain'), '');
    assert.equal(scene.gitAt(worktree.path, 'fsck', '--no-dangling', '--strict'), '');
    return head;
  };

  for (const [name, deed] of Object.entries({ ...DEEDS, ...FOR_GIT })) {
    it(`commits what git would when an agent ${name in FOR_GIT ? 'brings ' : ''}${name}`, async () => {
      const worktree = await workspace.addWorktree('task', 'developer-1');
      deed(worktree.path);
      await agrees(worktree);
      assert.equal(await workspace.commit(worktree, 'Again', 'developer-1'), null);
    });
  }

  it('commits what git would when all of that is done, in one attempt and one after the other', async () => {
    const together = await workspace.addWorktree('together', 'developer-1');
    for (const deed of Object.values(DEEDS)) deed(together.path);
    await agrees(together);
    const apart = await workspace.addWorktree('apart', 'developer-1');
    for (const deed of Object.values(DEEDS)) {
      deed(apart.path);
      await agrees(apart);
    }
  });

  it('sees a change that leaves the size and the time as they were', async () => {
    const worktree = await workspace.addWorktree('task', 'developer-1');
    const file = join(worktree.path, 'a.c');
    const { atime, mtime } = lstatSync(file);
    writeFileSync(file, 'int q;\n');
    utimesSync(file, atime, mtime);
    await agrees(worktree);
    for (let i = 0; i < 20; i += 1) {
      writeFileSync(file, `int ${String.fromCharCode(97 + i)};\n`);
      const head = await agrees(worktree);
      assert.notEqual(head, null, 'written within the same tick of the clock');
    }
  });

  it('leaves the index alone when it only shows what there is', async () => {
    const worktree = await workspace.addWorktree('task', 'developer-1');
    put(worktree.path, 'new.c', 'int n;\n');
    assert.match(await workspace.worktreeDiff(worktree), /\+int n;/);
    assert.equal(scene.gitAt(worktree.path, 'status', '--porcelain'), '?? new.c');
  });

  /** What git itself checks out of a commit. */
  const reference = (commit: string): Record<string, string> => {
    const place = join(scene.folder, 'reference');
    scene.git('worktree', 'add', '-q', '--detach', place, commit);
    const found = contents(place);
    scene.git('worktree', 'remove', '--force', place);
    return found;
  };

  // Where attributes come with a merge, git leaves the files that are there as they are.
  const landed = Object.entries({ ...DEEDS, ...FOR_GIT }).filter(([name]) => !name.startsWith('attributes'));
  for (const [name, deed] of landed) {
    it(`merges and shows on the main line what an agent did that ${name}`, async () => {
      await scene.land(workspace, 'beside', { 'beside.c': 'int b;\n' });
      const worktree = await workspace.addWorktree('task', 'developer-1');
      await scene.land(workspace, 'meanwhile', { 'meanwhile.c': 'int m;\n' });
      deed(worktree.path);
      const head = (await workspace.commit(worktree, 'Do', 'developer-1')) ?? worktree.base;
      const base = await workspace.head();
      const merge = await workspace.prepareMerge(base, head, 'Merge');
      assert.ok(merge.kind === 'merged');
      const expected = reference(merge.sha);
      assert.deepEqual(contents(merge.path), expected);
      put(merge.path, 'build/left.o', 'o');
      put(merge.path, 'a.c', 'changed by a build\n');
      await workspace.fastForward(base, merge.sha);
      assert.deepEqual(contents(scene.root), expected);
      assert.equal(scene.git('status', '--porcelain'), '');
      assert.deepEqual(contents((await workspace.checkout(base)).path), reference(base));
    });
  }

  it('never overwrites a file of the user, whatever is on the way', async () => {
    for (const [mine, theirs] of [
      ['mine.c', 'mine.c'],
      ['place', 'place/inside.c'],
      ['things/there.c', 'things'],
    ] as const) {
      put(scene.root, mine, 'mine\n');
      const { worktree, head } = await scene.work(workspace, `task-${theirs.length}`, {
        [theirs]: 'theirs\n',
      });
      const base = await workspace.head();
      const merge = await workspace.prepareMerge(base, head, 'Merge');
      assert.ok(merge.kind === 'merged');
      await assert.rejects(workspace.fastForward(base, merge.sha), CheckoutDirtyError);
      assert.equal(readFileSync(join(scene.root, mine), 'utf8'), 'mine\n');
      assert.equal(await workspace.head(), base);
      rmSync(join(scene.root, mine.split('/')[0]!), { recursive: true });
      await workspace.fastForward(base, merge.sha);
      assert.equal(readFileSync(join(scene.root, theirs), 'utf8'), 'theirs\n');
      await workspace.removeWorktree(worktree, head);
    }
  });

  describe('that were used before', () => {
    /** A worktree in which an agent left what it could, merged and given back. */
    const used = async (mess: (folder: string) => void): Promise<void> => {
      const { worktree, head } = await scene.work(workspace, 'used', { 'used.c': 'int u;\n' });
      mess(worktree.path);
      const base = await workspace.head();
      const merge = await workspace.prepareMerge(base, head, 'Merge used');
      assert.ok(merge.kind === 'merged');
      await workspace.fastForward(base, merge.sha);
      await workspace.removeWorktree(worktree, head);
      assert.equal(existsSync(worktree.path), false);
      assert.equal(scene.git('branch', '--list', worktree.branch), '');
    };
    const fresh = async (): Promise<Worktree> => {
      const worktree = await workspace.addWorktree('fresh', 'developer-2');
      await workspace.assertWorktree(worktree);
      assert.deepEqual(contents(worktree.path), reference('main'));
      assert.equal(scene.gitAt(worktree.path, 'status', '--porcelain', '--ignored'), '');
      assert.equal(scene.gitAt(worktree.path, 'symbolic-ref', '--short', 'HEAD'), 'agent/developer-2/fresh');
      return worktree;
    };

    for (const [name, deed] of Object.entries({ ...DEEDS, ...FOR_GIT })) {
      it(`have nothing of the agent left that ${name}`, async () => {
        await used(deed);
        await fresh();
      });
    }

    it('share no file with themselves', async () => {
      await used((at) => {
        rmSync(join(at, 'b.c'));
        linkSync(join(at, 'z.c'), join(at, 'b.c'));
        rmSync(join(at, 'a.c'));
        linkSync(join(at, 'z.c'), join(at, 'a.c'));
      });
      const { path } = await fresh();
      writeFileSync(join(path, 'z.c'), 'changed\n');
      assert.equal(readFileSync(join(path, 'b.c'), 'utf8'), 'int b;\n');
      assert.equal(lstatSync(join(path, 'z.c')).nlink, 1);
    });

    it('are not followed out of their place', async () => {
      const outside = join(scene.folder, 'outside');
      put(outside, 'mine.txt', 'mine\n');
      const { worktree, head } = await scene.work(workspace, 'used', { 'used.c': 'int u;\n' });
      const base = await workspace.head();
      const merge = await workspace.prepareMerge(base, head, 'Merge used');
      assert.ok(merge.kind === 'merged');
      await workspace.fastForward(base, merge.sha);
      renameSync(worktree.path, `${worktree.path}-moved`);
      symlinkSync(outside, worktree.path);
      await workspace.removeWorktree(worktree, head);
      await fresh();
      assert.deepEqual(readdirSync(outside), ['mine.txt']);
    });

    it('are deleted where what ran in them may still be there', async () => {
      workspace.close();
      workspace = await scene.open({ recycle: false });
      await used((at) => put(at, 'left.o', 'o'));
      assert.equal(existsSync(join(scene.state, 'spare')), false);
      await fresh();
    });

    it('go when the workspace is closed, and with the next that is opened', async () => {
      await used(() => undefined);
      const spare = join(scene.state, 'spare');
      assert.deepEqual(readdirSync(spare).sort(), ['1', '1.git']);
      const again = await scene.open();
      assert.equal(existsSync(spare), false);
      again.close();
    });
  });
});
