import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../src/protocol/errors.ts';
import { Scene, withEnv } from './helper.ts';

const userError = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, `expected a UserError, got ${String(error)}`);
  assert.match(`${error.message} ${error.remedy}`, pattern);
  return true;
};

describe('opening a workspace', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(() => scene.remove());

  it('creates a repository with an empty commit on main where there is nothing', async () => {
    const workspace = await scene.open();
    assert.equal(workspace.created, true);
    assert.equal(workspace.targetBranch, 'main');
    assert.deepEqual(workspace.notices, []);
    assert.equal(scene.git('ls-tree', '-r', 'HEAD'), '');
    assert.equal(scene.git('config', 'auton.created'), 'true');
  });

  it('starts a new workspace from the template, without what was built in it', async () => {
    const folder = join(scene.folder, 'reference');
    scene.write(join(folder, 'kernel/main.c'), 'int main;\n');
    scene.write(join(folder, 'build/main.o'), 'x');
    await scene.open({ template: { folder } });
    assert.equal(scene.git('ls-tree', '-r', '--name-only', 'HEAD'), 'kernel/main.c');
    assert.equal(existsSync(join(scene.root, 'build')), false);
  });

  it('refuses to begin from nothing in a repository of the user, and changes nothing in it', async () => {
    scene.userRepository();
    await assert.rejects(scene.open({ startsEmpty: true }), userError(/files of its own.*--workspace/));
    assert.equal(scene.git('for-each-ref', '--format=%(refname)'), 'refs/heads/main');
  });

  it('finds its own workspace again', async () => {
    await scene.open();
    const again = await scene.open();
    assert.equal(again.created, true);
    assert.equal(again.targetBranch, 'main');
    assert.equal(scene.git('rev-list', '--count', 'main'), '1');
  });

  it('finishes a creation that was cut off', async () => {
    mkdirSync(scene.root);
    scene.git('init', '-q', '-b', 'main');
    scene.git('config', 'auton.created', 'true');
    writeFileSync(join(scene.root, 'half'), '');
    const folder = join(scene.folder, 'reference');
    scene.write(join(folder, 'main.c'), '');
    const workspace = await scene.open({ template: { folder } });
    assert.equal(workspace.created, true);
    assert.match(scene.git('ls-tree', '-r', '--name-only', 'HEAD'), /main\.c/);
  });

  it('is a repository of its own inside another one', async () => {
    scene.userRepository();
    const root = join(scene.root, 'kernels/x86_64');
    const workspace = await scene.open({ root, stateFolder: join(scene.root, '.auton') });
    assert.equal(workspace.created, true);
    assert.equal(scene.gitAt(root, 'rev-parse', '--show-toplevel'), root);
    assert.equal(scene.git('rev-list', '--count', 'main'), '1');
  });

  it('sends work to auton/main when the user has main checked out, and says how to take it', async () => {
    scene.userRepository();
    const before = scene.git('rev-parse', 'main');
    const workspace = await scene.open();
    assert.equal(workspace.created, false);
    assert.equal(workspace.targetBranch, 'auton/main');
    assert.match(workspace.notices.join('\n'), /main is checked out in .*git merge --ff-only auton\/main/);
    const sha = await scene.land(workspace, 'boot', { 'boot.c': 'int boot;\n' });
    assert.equal(scene.git('rev-parse', 'main'), before);
    assert.equal(scene.git('status', '--porcelain'), '');
    scene.git('merge', '-q', '--ff-only', 'auton/main');
    assert.equal(scene.git('rev-parse', 'main'), sha);
  });

  it('moves main itself when it is checked out nowhere', async () => {
    scene.userRepository();
    scene.git('checkout', '-q', '-b', 'topic');
    const workspace = await scene.open();
    assert.equal(workspace.targetBranch, 'main');
    const sha = await scene.land(workspace, 'boot', { 'boot.c': '' });
    assert.equal(scene.git('rev-parse', 'main'), sha);
    assert.equal(scene.git('symbolic-ref', '--short', 'HEAD'), 'topic');
    assert.equal(scene.git('status', '--porcelain'), '');
  });

  it('takes the branch that HEAD names when there is no main', async () => {
    scene.userRepository();
    scene.git('branch', '-m', 'main', 'trunk');
    const workspace = await scene.open();
    assert.equal(workspace.targetBranch, 'auton/main');
    assert.equal(await workspace.head(), scene.git('rev-parse', 'trunk'));
  });

  it('works from a detached HEAD without main', async () => {
    scene.userRepository();
    scene.git('checkout', '-q', '--detach');
    scene.git('branch', '-D', 'main');
    const workspace = await scene.open();
    assert.equal(workspace.targetBranch, 'auton/main');
    assert.equal(await workspace.head(), scene.git('rev-parse', 'HEAD'));
    assert.match(workspace.notices.join(), /on no branch/);
  });

  it('reuses auton/main when it continues main, and leaves it alone when it went another way', async () => {
    scene.userRepository();
    const first = await scene.open();
    const sha = await scene.land(first, 'boot', { 'boot.c': '' });
    assert.equal(await (await scene.open()).head(), sha);

    scene.git('commit', '-q', '--allow-empty', '-m', 'Elsewhere');
    const apart = await scene.open();
    assert.equal(apart.targetBranch, 'auton/main-2');
    assert.equal(scene.git('rev-parse', 'auton/main'), sha);
    assert.equal(await apart.head(), scene.git('rev-parse', 'main'));
  });

  it('treats main as checked out while a rebase of it is stopped', async () => {
    scene.userRepository();
    scene.write(join(scene.root, 'a.c'), 'int b;\n');
    scene.git('commit', '-qam', 'Second');
    assert.throws(() => scene.git('rebase', '-x', 'false', 'HEAD~1'));
    const workspace = await scene.open();
    assert.equal(workspace.targetBranch, 'auton/main');
  });

  it('says that agents do not see uncommitted changes', async () => {
    scene.userRepository();
    writeFileSync(join(scene.root, 'a.c'), 'int changed;\n');
    const workspace = await scene.open();
    assert.match(workspace.notices.join('\n'), /1 file with uncommitted changes/);
    const { path } = await workspace.addWorktree('boot', 'developer-1');
    assert.equal(readFileSync(join(path, 'a.c'), 'utf8'), 'int a;\n');
    assert.equal(readFileSync(join(scene.root, 'a.c'), 'utf8'), 'int changed;\n');
  });

  it('sends work to auton/main when its own checkout has uncommitted changes', async () => {
    await scene.land(await scene.open(), 'boot', { 'boot.c': 'int boot;\n' });
    writeFileSync(join(scene.root, 'boot.c'), 'int mine;\n');
    const workspace = await scene.open();
    assert.equal(workspace.targetBranch, 'auton/main');
    assert.match(workspace.notices.join('\n'), /uncommitted changes \(boot\.c\)/);
  });

  it('keeps the branch a run started with when that run is resumed', async () => {
    await scene.land(await scene.open(), 'boot', { 'boot.c': 'int boot;\n' });
    writeFileSync(join(scene.root, 'boot.c'), 'int mine;\n');
    const workspace = await scene.open({ targetBranch: 'main' });
    assert.equal(workspace.targetBranch, 'main');
  });

  it('hides its folder from git when that lies in the repository', async () => {
    scene.userRepository();
    const workspace = await scene.open({ stateFolder: join(scene.root, '.auton') });
    await workspace.addWorktree('boot', 'developer-1');
    await scene.open({ stateFolder: join(scene.root, '.auton') });
    assert.equal(scene.git('status', '--porcelain'), '');
    const exclude = readFileSync(join(scene.root, '.git/info/exclude'), 'utf8');
    assert.equal(exclude.split('/.auton/').length, 2, 'added once');
  });

  it('works in a submodule, a linked worktree and a shallow clone', async () => {
    scene.userRepository();
    scene.git('commit', '-q', '--allow-empty', '-m', 'Second');
    const outer = join(scene.folder, 'outer');
    scene.gitAt(scene.folder, 'init', '-q', '-b', 'main', outer);
    scene.gitAt(outer, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', scene.root, 'sub');
    const shallow = join(scene.folder, 'shallow');
    scene.gitAt(scene.folder, 'clone', '-q', '--depth', '1', `file://${scene.root}`, shallow);
    scene.git('worktree', 'add', '-q', '-b', 'side', join(scene.folder, 'side'));

    for (const [index, root] of [join(outer, 'sub'), join(scene.folder, 'side'), shallow].entries()) {
      const stateFolder = join(scene.folder, `state-${index}`);
      const workspace = await scene.open({ root, stateFolder });
      assert.equal(workspace.targetBranch, 'auton/main', root);
      const sha = await scene.land(workspace, `task-${index}`, { [`new-${index}.c`]: '' });
      assert.equal(scene.gitAt(root, 'rev-parse', 'auton/main'), sha);
      assert.equal(scene.gitAt(root, 'status', '--porcelain'), '');
      scene.gitAt(root, 'fsck', '--strict');
      for (const task of [`task-${index}`])
        scene.gitAt(root, 'worktree', 'remove', join(stateFolder, 'worktrees', task));
      scene.gitAt(root, 'worktree', 'remove', join(stateFolder, 'worktrees/.merge'));
      if (root === join(scene.folder, 'side')) scene.gitAt(root, 'branch', '-D', 'auton/main');
    }
  });

  it('works in a repository that names objects by SHA-256', async () => {
    mkdirSync(scene.root);
    scene.git('init', '-q', '-b', 'main', '--object-format=sha256');
    scene.git('commit', '-q', '--allow-empty', '-m', 'Start');
    const sha = await scene.land(await scene.open(), 'boot', { 'boot.c': '' });
    assert.equal(sha.length, 64);
  });

  it('refuses a bare repository, a folder of files, a subfolder, a file, and files without a commit', async () => {
    const bare = join(scene.folder, 'bare');
    scene.gitAt(scene.folder, 'init', '-q', '--bare', bare);
    await assert.rejects(scene.open({ root: bare }), userError(/bare repository.*has a checkout/));

    const files = join(scene.folder, 'files');
    scene.write(join(files, 'a.c'), '');
    await assert.rejects(scene.open({ root: files }), userError(/not a git repository.*git init/));
    assert.equal(existsSync(join(files, '.git')), false);

    scene.userRepository({ 'sub/a.c': '' });
    await assert.rejects(
      scene.open({ root: join(scene.root, 'sub') }),
      userError(/no git repository of its own/),
    );

    scene.gitAt(files, 'init', '-q', '-b', 'main');
    await assert.rejects(scene.open({ root: files }), userError(/no commit.*git add -A/));
  });

  it('says what to do when git is missing or too old', async () => {
    const bin = join(scene.folder, 'bin');
    mkdirSync(bin);
    await withEnv({ PATH: bin }, async () => {
      await assert.rejects(scene.open(), userError(/git was not found.*apt-get install git/));
    });
    writeFileSync(join(bin, 'git'), '#!/bin/sh\necho "git version 2.30.2"\n');
    chmodSync(join(bin, 'git'), 0o755);
    await withEnv({ PATH: bin }, async () => {
      await assert.rejects(scene.open(), userError(/git 2\.30 is too old: 2\.38 is needed/));
    });
  });

  it('is not misled by the configuration and environment of the user', async () => {
    const hooks = join(scene.folder, 'hooks');
    for (const hook of ['pre-commit', 'post-checkout', 'commit-msg', 'reference-transaction', 'post-merge']) {
      scene.write(join(hooks, hook), '#!/bin/sh\ntouch "$HOME/hook-ran"\nexit 1\n');
      chmodSync(join(hooks, hook), 0o755);
    }
    const hostile = `
[commit]\n gpgsign = true\n template = /nonexistent\n cleanup = scissors
[core]\n hooksPath = ${hooks}\n autocrlf = true\n fsmonitor = touch ${scene.folder}/hook-ran\n quotePath = true
[init]\n defaultBranch = trunk
[merge]\n ff = only\n conflictStyle = diff3
[status]\n showUntrackedFiles = no
[diff]\n noprefix = true\n external = false
[user]\n useConfigOnly = true
[color]\n ui = always
`;
    scene.write(join(scene.folder, '.gitconfig'), hostile);
    const surroundings = {
      HOME: scene.folder,
      GIT_DIR: '/nonexistent',
      GIT_INDEX_FILE: '/nonexistent',
      GIT_AUTHOR_NAME: 'X',
    };
    await withEnv({ ...surroundings, XDG_CONFIG_HOME: undefined }, async () => {
      const workspace = await scene.open();
      scene.write(
        join(scene.root, '.git/config'),
        readFileSync(join(scene.root, '.git/config'), 'utf8') + hostile,
      );
      const left = await scene.work(workspace, 'left', { 'a.c': 'one\r\ntwo\n' });
      const right = await scene.work(workspace, 'right', { 'b.c': 'b\n' });
      for (const { head } of [left, right]) {
        const base = await workspace.head();
        const merge = await workspace.prepareMerge(base, head, 'Merge');
        assert.equal(merge.kind, 'merged');
        if (merge.kind === 'merged') await workspace.fastForward(base, merge.sha);
      }
      assert.equal(readFileSync(join(scene.root, 'a.c'), 'utf8'), 'one\r\ntwo\n');
      assert.match(await workspace.diff(left.worktree.base, left.head), /^diff --git a\/a\.c b\/a\.c\n/);
      assert.match(
        scene.gitAt(
          scene.folder,
          '--git-dir',
          join(scene.root, '.git'),
          'log',
          '--format=%an',
          '-1',
          left.head,
        ),
        /developer-1/,
      );
    });
    assert.equal(existsSync(join(scene.folder, 'hook-ran')), false);
  });
});

describe('starting over', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(() => scene.remove());

  it('has nothing to do in an empty workspace', async () => {
    assert.equal(await (await scene.open()).startOver('run-1'), null);
  });

  it('keeps the old line on an archive branch and empties the checkout', async () => {
    const workspace = await scene.open();
    const old = await scene.land(workspace, 'boot', { 'src/boot.c': 'int boot;\n' });
    scene.write(join(scene.root, 'notes.txt'), 'mine');
    assert.equal(await workspace.startOver('run-1'), 'archive/run-1');
    assert.equal(scene.git('rev-parse', 'archive/run-1'), old);
    assert.equal(scene.git('rev-list', '--count', 'main'), '1');
    assert.equal(existsSync(join(scene.root, 'src')), false);
    assert.equal(readFileSync(join(scene.root, 'notes.txt'), 'utf8'), 'mine');

    await scene.land(workspace, 'again', { 'b.c': '' });
    assert.equal(await workspace.startOver('run-1'), 'archive/run-1-2');
  });

  it('refuses in a repository of the user, and in a checkout with changes', async () => {
    scene.userRepository();
    await assert.rejects(
      (await scene.open()).startOver('run-1'),
      userError(/begins with an empty workspace.*--workspace/),
    );

    const other = new Scene();
    try {
      const workspace = await other.open();
      const sha = await other.land(workspace, 'boot', { 'boot.c': 'int boot;\n' });
      writeFileSync(join(other.root, 'boot.c'), 'int mine;\n');
      await assert.rejects(workspace.startOver('run-1'), userError(/uncommitted changes.*Commit or stash/));
      assert.equal(other.git('rev-parse', 'main'), sha);
      assert.equal(readFileSync(join(other.root, 'boot.c'), 'utf8'), 'int mine;\n');
    } finally {
      other.remove();
    }
  });
});
