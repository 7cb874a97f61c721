import assert from 'node:assert/strict';
import { Repositories } from '../../../src/extension/changes/repositories.ts';
import { reviewedLines } from '../../../src/extension/changes/reviewed-lines.ts';
import type { TaskView } from '../../../src/protocol/run-state.ts';
import { gitFolder } from './git-folder.ts';

describe("reviewers' comments", () => {
  const folder = gitFolder();
  const repositories = new Repositories();
  let first: string;
  let second: string;
  before(() => {
    folder.write('a.c', 'one\n');
    folder.write('b.c', 'one\n');
    first = folder.commit('First');
    folder.write('a.c', 'two\n');
    second = folder.commit('Second');
  });
  after(() => {
    repositories.dispose();
    folder.remove();
  });

  const review = (
    attempt: number,
    head: string,
    verdict: 'approve' | 'request_changes',
    files: string[],
  ) => ({
    attempt,
    agent: 'reviewer-1',
    head,
    review: {
      verdict,
      summary: 'Reviewed.',
      comments: files.map((file, index) => ({ file, line: index + 1, message: `about ${file}` })),
    },
  });
  const linesOf = async (
    task: Pick<TaskView, 'state' | 'reviews'>,
    file: string,
    commit: string | null,
  ): Promise<string[]> => {
    const repository = await repositories.get(folder.path);
    const lines = await reviewedLines(repository, task as TaskView, { file, commit });
    return lines.map(({ line, message, resolved }) => `${line} ${message}${resolved ? ', resolved' : ''}`);
  };
  const sentBack = () => review(1, first, 'request_changes', ['./a.c', 'b.c']);

  it('stand where the file is as it was when it was reviewed', async () => {
    const task = { state: 'running' as const, reviews: [sentBack()] };
    assert.deepEqual(await linesOf(task, 'a.c', first), ['1 about ./a.c']);
    assert.deepEqual(await linesOf(task, 'a.c', second), []);
    assert.deepEqual(await linesOf(task, 'b.c', second), ['2 about b.c']);
    assert.deepEqual(await linesOf(task, 'none.c', second), []);
    assert.deepEqual(await linesOf(task, 'b.c', '2'.repeat(40)), []);
  });

  it('stand in the worktree as long as they are open', async () => {
    const open = { state: 'running' as const, reviews: [sentBack()] };
    assert.deepEqual(await linesOf(open, 'a.c', null), ['1 about ./a.c']);
    const approved = { state: 'queued' as const, reviews: [sentBack(), review(2, second, 'approve', [])] };
    assert.deepEqual(await linesOf(approved, 'a.c', null), []);
  });

  it('are resolved by an approval that follows, not by one before', async () => {
    const before = { state: 'running' as const, reviews: [review(1, first, 'approve', []), sentBack()] };
    assert.deepEqual(await linesOf(before, 'a.c', first), ['1 about ./a.c']);
    const after = { state: 'review' as const, reviews: [sentBack(), review(2, second, 'approve', [])] };
    assert.deepEqual(await linesOf(after, 'a.c', first), ['1 about ./a.c, resolved']);
    const merged = { state: 'merged' as const, reviews: [sentBack()] };
    assert.deepEqual(await linesOf(merged, 'a.c', first), ['1 about ./a.c, resolved']);
  });

  it('of an approval are open until the change is merged', async () => {
    const remark = review(1, first, 'approve', ['a.c']);
    assert.deepEqual(await linesOf({ state: 'queued', reviews: [remark] }, 'a.c', first), ['1 about a.c']);
    assert.deepEqual(await linesOf({ state: 'merged', reviews: [remark] }, 'a.c', first), [
      '1 about a.c, resolved',
    ]);
  });
});
