import assert from 'node:assert/strict';
import { branchHistory } from '../../../src/extension/changes/history.ts';
import { Repositories } from '../../../src/extension/changes/repositories.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import type { RunEvent } from '../../../src/protocol/events.ts';
import { gitFolder } from './git-folder.ts';

type Body<T extends RunEvent['type']> = Omit<Extract<RunEvent, { type: T }>, 'seq' | 'at'>;

describe("the history of a task's branch", () => {
  const folder = gitFolder();
  const repositories = new Repositories();
  let start: string;
  const write = (name: string, text: string) => {
    folder.write(name, text);
    return folder.commit(`${name}: ${text}`);
  };
  before(() => {
    start = write('README', 'start');
  });
  beforeEach(() => folder.git('switch', '-q', '-C', 'main', start));
  after(() => {
    repositories.dispose();
    folder.remove();
  });

  const branch = 'agent/developer-1/mm';
  const started = (attempt: number, base: string): Body<'attempt.started'> => ({
    type: 'attempt.started',
    task: 'mm',
    attempt,
    agent: 'developer-1',
    role: 'developer',
    session: `mm.${attempt}`,
    branch,
    base,
    worktree: '/nowhere',
  });
  const ended = (attempt: number, head: string): Body<'attempt.ended'> => ({
    type: 'attempt.ended',
    task: 'mm',
    attempt,
    agent: 'developer-1',
    outcome: 'finished',
    message: '',
    head,
  });
  const historyAfter = async (...bodies: object[]) => {
    const first = [
      {
        type: 'run.started',
        run: 'r',
        workspace: folder.path,
        targetBranch: 'main',
        base: start,
        settings: {},
        agents: [],
      },
      { type: 'tasks.added', by: 'manager-1', tasks: [{ id: 'mm' }, { id: 'other' }] },
    ];
    const events = [...first, ...bodies].map((body, index) => ({ ...body, seq: index + 1, at: '' }));
    const state = foldEvents(events as unknown as RunEvent[]);
    const history = await branchHistory(await repositories.get(folder.path), state, state.tasks.get('mm')!);
    return history && { ...history, commits: history.commits.map(({ id }) => id), merge: history.merge?.id };
  };

  it('is none before the first attempt', async () => {
    assert.equal(await historyAfter(), null);
  });

  it('follows the branch while an attempt goes on', async () => {
    folder.git('switch', '-q', '-C', branch);
    assert.deepEqual(await historyAfter(started(1, start)), {
      base: start,
      head: start,
      commits: [],
      merge: undefined,
    });
    const one = write('a', '1');
    const two = write('a', '2');
    assert.deepEqual(await historyAfter(started(1, start)), {
      base: start,
      head: two,
      commits: [two, one],
      merge: undefined,
    });
  });

  it('ends where an attempt ended, also when the branch is gone', async () => {
    folder.git('switch', '-q', '-C', branch);
    const one = write('a', '1');
    folder.git('switch', '-q', 'main');
    folder.git('branch', '-q', '-D', branch);
    const history = await historyAfter(started(1, start), ended(1, one));
    assert.deepEqual(history, { base: start, head: one, commits: [one], merge: undefined });
  });

  it('leaves out what the main line brought in', async () => {
    folder.git('switch', '-q', '-C', branch);
    const one = write('a', '1');
    folder.git('switch', '-q', 'main');
    const theirs = write('b', 'of another task');
    folder.git('switch', '-q', branch);
    folder.git('merge', '-q', '--no-edit', 'main');
    const merge = folder.git('rev-parse', 'HEAD');
    const two = write('a', '2');
    const history = await historyAfter(
      started(1, start),
      ended(1, one),
      { type: 'merge.finished', task: 'other', sha: theirs },
      started(2, theirs),
      ended(2, two),
    );
    assert.deepEqual(history, { base: theirs, head: two, commits: [two, merge, one], merge: undefined });
  });

  it('begins at the main line where the branch had nothing of its own and was moved there', async () => {
    const theirs = write('b', 'of another task');
    folder.git('switch', '-q', '-C', branch);
    const one = write('a', '1');
    const history = await historyAfter(started(1, start), started(2, theirs), ended(2, one));
    assert.deepEqual(history, { base: theirs, head: one, commits: [one], merge: undefined });
  });

  it('is what its merge brought to the main line', async () => {
    folder.git('switch', '-q', '-C', branch);
    const one = write('a', '1');
    folder.git('switch', '-q', 'main');
    const theirs = write('b', 'of another task');
    folder.git('merge', '-q', '--no-ff', '--no-edit', branch);
    const merge = folder.git('rev-parse', 'HEAD');
    write('c', 'later');
    const history = await historyAfter(started(1, start), ended(1, one), {
      type: 'merge.finished',
      task: 'mm',
      sha: merge,
    });
    assert.deepEqual(history, { base: theirs, head: merge, commits: [one], merge });
  });
});
