import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckoutDirtyError, MovedError, type Workspace } from '../../../src/git/workspace.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import { Scene } from './helper.ts';

describe('the merge queue', () => {
  let scene: Scene;
  let workspace: Workspace;
  let start: string;
  beforeEach(async () => {
    scene = new Scene();
    workspace = await scene.open();
    start = await scene.land(workspace, 'base', { 'a.c': 'one\ntwo\nthree\n', 'old.c': 'old\n' });
  });
  afterEach(() => scene.remove());

  const prepared = async (head: string) => {
    const base = await workspace.head();
    const merge = await workspace.prepareMerge(base, head, 'Merge');
    assert.equal(merge.kind, 'merged');
    return { base, merge };
  };

  it('prepares a merge in a checkout of its own, and nothing moves', async () => {
    const { head } = await scene.work(workspace, 'left', { 'left.c': 'left\n' });
    await scene.land(workspace, 'right', { 'right.c': 'right\n' });
    const { base, merge } = await prepared(head);
    assert.equal(await workspace.head(), base);
    assert.equal(scene.git('log', '-1', '--format=%P', merge.sha), `${base} ${head}`);
    assert.equal(await workspace.treeOf(merge.sha), merge.tree);
    assert.equal(readFileSync(join(merge.path, 'left.c'), 'utf8'), 'left\n');
    assert.equal(readFileSync(join(merge.path, 'right.c'), 'utf8'), 'right\n');
    assert.equal(await workspace.isMerged(head), false);
  });

  it('checks out exactly the merged tree each time', async () => {
    const first = await scene.work(workspace, 'first', { 'first.c': '', '.gitignore': 'build/\n' });
    const { path } = (await prepared(first.head)).merge;
    scene.write(join(path, 'build/stale.o'), 'x');
    scene.write(join(path, 'stale.h'), 'x');
    const second = await scene.work(workspace, 'second', { 'second.c': '' });
    await prepared(second.head);
    for (const file of ['build', 'stale.h', 'first.c'])
      assert.equal(existsSync(join(path, file)), false, file);
    assert.equal(existsSync(join(path, 'second.c')), true);
  });

  it('reports the files in conflict', async () => {
    const { head } = await scene.work(workspace, 'left', { 'a.c': 'one\nLEFT\nthree\n', 'x y.c': 'l\n' });
    await scene.land(workspace, 'right', { 'a.c': 'one\nRIGHT\nthree\n', 'x y.c': 'r\n' });
    assert.deepEqual(await workspace.prepareMerge(await workspace.head(), head, 'Merge'), {
      kind: 'conflict',
      files: ['a.c', 'x y.c'],
    });
  });

  it('lets the integrator resolve a conflict in the worktree of the task', async () => {
    const { worktree, head } = await scene.work(workspace, 'left', { 'a.c': 'one\nLEFT\nthree\n' });
    const target = await scene.land(workspace, 'right', { 'a.c': 'one\nRIGHT\nthree\n' });
    const conflict = { kind: 'conflict', files: ['a.c'] } as const;
    assert.deepEqual(await workspace.updateFromTarget(worktree), conflict);
    assert.deepEqual(await (await scene.open()).updateFromTarget(worktree), conflict, 'after a restart');
    assert.match(
      readFileSync(join(worktree.path, 'a.c'), 'utf8'),
      /<<<<<<< .*\nLEFT\n=======\nRIGHT\n>>>>>>> /,
    );
    await assert.rejects(workspace.finishMerge(worktree), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /markers remain in a\.c/);
      return true;
    });

    scene.write(join(worktree.path, 'a.c'), 'one\nBOTH\nthree\n');
    const sha = await workspace.finishMerge(worktree);
    assert.equal(scene.git('log', '-1', '--format=%P', sha), `${head} ${target}`);
    assert.equal(scene.gitAt(worktree.path, 'status', '--porcelain'), '');
    assert.equal(worktree.base, target);
    assert.deepEqual(
      (await workspace.changes(worktree.base, sha)).map(({ path }) => path),
      ['a.c'],
    );
    assert.equal((await workspace.prepareMerge(target, sha, 'Merge')).kind, 'merged');
  });

  it('brings a task up to date', async () => {
    const { worktree } = await scene.work(workspace, 'left', { 'left.c': '' });
    assert.equal((await workspace.updateFromTarget(worktree)).kind, 'up-to-date');
    const target = await scene.land(workspace, 'right', { 'right.c': '' });
    assert.equal((await workspace.updateFromTarget(worktree)).kind, 'merged');
    assert.equal(worktree.base, target);
    assert.equal(existsSync(join(worktree.path, 'right.c')), true);
    assert.equal(
      (await (await scene.open()).addWorktree('left', 'developer-1')).base,
      target,
      'after a restart',
    );
  });

  it('moves main and refreshes the checkout that it created', async () => {
    const { worktree, head } = await scene.work(workspace, 'left', { 'left.c': 'left\n' });
    rmSync(join(worktree.path, 'old.c'));
    const next = (await workspace.commit(worktree, 'Remove', 'developer-1')) ?? head;
    const { base, merge } = await prepared(next);
    scene.write(join(scene.root, 'untracked.txt'), 'mine');
    await workspace.fastForward(base, merge.sha);
    assert.equal(scene.git('rev-parse', 'main'), merge.sha);
    assert.equal(scene.git('status', '--porcelain'), '?? untracked.txt');
    assert.equal(readFileSync(join(scene.root, 'left.c'), 'utf8'), 'left\n');
    assert.equal(existsSync(join(scene.root, 'old.c')), false);
    assert.equal(await workspace.isMerged(next), true);
  });

  it('moves only from where it was expected to be', async () => {
    const { head } = await scene.work(workspace, 'left', { 'left.c': '' });
    const { base, merge } = await prepared(head);
    const moved = await scene.land(workspace, 'right', { 'right.c': '' });
    await assert.rejects(workspace.fastForward(base, merge.sha), (error) => {
      assert.ok(error instanceof MovedError);
      assert.equal(error.actual, moved);
      return true;
    });
    assert.equal(await workspace.head(), moved);
    assert.equal(scene.git('status', '--porcelain'), '');
  });

  it('moves nothing while the checkout has changes of the user', async () => {
    const { head } = await scene.work(workspace, 'left', { 'left.c': 'left\n' });
    const { base, merge } = await prepared(head);
    const refused = async (pattern: RegExp) => {
      await assert.rejects(workspace.fastForward(base, merge.sha), (error) => {
        assert.ok(error instanceof CheckoutDirtyError);
        assert.match(`${error.message} ${error.remedy}`, pattern);
        return true;
      });
      assert.equal(await workspace.head(), base);
    };
    scene.write(join(scene.root, 'a.c'), 'mine\n');
    await refused(/uncommitted changes in 1 file.*Commit or stash.*auton resume/);
    scene.git('checkout', '-q', '--', 'a.c');
    scene.write(join(scene.root, 'left.c'), 'mine\n');
    await refused(/untracked files.*left\.c.*auton resume/s);
    assert.equal(readFileSync(join(scene.root, 'left.c'), 'utf8'), 'mine\n');
    rmSync(join(scene.root, 'left.c'));
    await workspace.fastForward(base, merge.sha);
    assert.equal(await workspace.head(), merge.sha);
  });

  it('moves nothing under a checkout that the user made of the target branch', async () => {
    const other = new Scene();
    try {
      other.userRepository();
      const theirs = await other.open();
      const { head } = await other.work(theirs, 'left', { 'left.c': '' });
      const base = await theirs.head();
      const merge = await theirs.prepareMerge(base, head, 'Merge');
      other.git('checkout', '-q', 'auton/main');
      assert.equal(merge.kind, 'merged');
      if (merge.kind === 'merged') {
        await assert.rejects(theirs.fastForward(base, merge.sha), /auton\/main is checked out in/);
      }
      assert.equal(other.git('rev-parse', 'HEAD'), base);
    } finally {
      other.remove();
    }
  });

  describe('after a crash', () => {
    const intent = (expected: string, sha: string) =>
      writeFileSync(
        join(scene.state, 'fast-forward.json'),
        JSON.stringify({ branch: 'main', expected, sha }),
      );
    let base: string;
    let sha: string;
    beforeEach(async () => {
      const { worktree, head } = await scene.work(workspace, 'left', { 'left.c': 'left\n', 'a.c': 'new\n' });
      rmSync(join(worktree.path, 'old.c'));
      const next = (await workspace.commit(worktree, 'Remove', 'developer-1')) ?? head;
      const result = await prepared(next);
      base = result.base;
      sha = result.merge.sha;
    });

    it('takes back a checkout that was half refreshed before main moved', async () => {
      intent(base, sha);
      scene.write(join(scene.root, 'a.c'), 'new\n');
      scene.write(join(scene.root, 'left.c'), 'left\n');
      writeFileSync(join(scene.root, '.git/index.lock'), 'torn');
      const again = await scene.open();
      assert.equal(again.targetBranch, 'main');
      assert.equal(await again.head(), start);
      assert.equal(scene.git('status', '--porcelain'), '');
      assert.equal(existsSync(join(scene.root, 'left.c')), false);
      await again.fastForward(base, sha);
      assert.equal(scene.git('status', '--porcelain'), '');
    });

    it('finishes a checkout when main has moved', async () => {
      intent(base, sha);
      scene.git('update-ref', 'refs/heads/main', sha);
      const again = await scene.open();
      assert.equal(again.targetBranch, 'main');
      assert.equal(scene.git('status', '--porcelain'), '');
      assert.equal(readFileSync(join(scene.root, 'left.c'), 'utf8'), 'left\n');
      assert.equal(existsSync(join(scene.root, 'old.c')), false);
    });

    it("leaves the user's edits alone when it mends", async () => {
      intent(base, sha);
      scene.write(join(scene.root, 'a.c'), 'mine\n');
      const again = await scene.open();
      assert.equal(again.targetBranch, 'auton/main');
      assert.equal(readFileSync(join(scene.root, 'a.c'), 'utf8'), 'mine\n');
    });

    it('makes the checkout for merges again when it is damaged', async () => {
      const path = join(scene.state, 'worktrees/.merge');
      rmSync(join(path, '.git'));
      writeFileSync(join(scene.root, '.git/worktrees/auton-merge/index.lock'), '');
      const again = await scene.open();
      const merge = await again.prepareMerge(base, sha, 'Merge');
      assert.equal(merge.kind, 'merged');
      assert.equal(readFileSync(join(path, 'left.c'), 'utf8'), 'left\n');
    });
  });
});
