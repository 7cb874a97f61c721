import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { Scene } from './helper.ts';

describe('where a task left the main line', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
  });
  afterEach(() => scene.remove());

  it('is what git says: before a merge, beside others, with the target merged in, and after it', async () => {
    const workspace = await scene.open();
    const start = await scene.land(workspace, 'base', { 'a.c': 'one\n' });
    const agrees = async (commit: string) => {
      const found = await workspace.mergeBase(commit);
      assert.equal(found, scene.git('merge-base', 'main', commit));
      return found;
    };
    const { worktree, head } = await scene.work(workspace, 'left', { 'left.c': 'left\n' });
    assert.equal(await agrees(head), start);
    await scene.land(workspace, 'right', { 'right.c': 'right\n' });
    assert.equal(await agrees(head), start);

    const updated = await workspace.updateFromTarget(worktree);
    assert.equal(updated.kind, 'merged');
    assert.equal(await agrees(updated.sha), await workspace.head());
    rmSync(`${worktree.path}/left.c`);
    await agrees((await workspace.commit(worktree, 'More', 'developer-1'))!);

    const other = await scene.work(workspace, 'other', { 'other.c': 'other\n' });
    const base = await workspace.head();
    const merge = await workspace.prepareMerge(base, other.head, 'Merge');
    assert.ok(merge.kind === 'merged');
    await workspace.fastForward(base, merge.sha);
    assert.equal(await agrees(other.head), other.head);
  });
});
