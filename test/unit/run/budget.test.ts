import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyRunState, type RunState } from '../../../src/protocol/run-state.ts';
import { Budget } from '../../../src/run/budget.ts';

const never = new AbortController().signal;

function budget(
  limits: { perTaskUsd?: number; dailyUsd?: number; elsewhere?: number } = {},
  maxCostUsd = 10,
) {
  const state: RunState = { ...emptyRunState(), maxCostUsd };
  const { perTaskUsd, dailyUsd, elsewhere = 0 } = limits;
  return { state, budget: new Budget(state, { perTaskUsd, dailyUsd, spentTodayElsewhereUsd: elsewhere }) };
}

describe('Budget', () => {
  it('grants a call that fits even at its worst cost', async () => {
    assert.deepEqual(await budget().budget.reserve('s', 't', 10, never), { kind: 'granted' });
  });

  it('stops before the call that could break the limit, not after it', async () => {
    const { state, budget: b } = budget();
    state.spentUsd = 8;
    const verdict = await b.reserve('s', 't', 2.5, never);
    assert.equal(verdict.kind, 'run_limit');
    assert.match((verdict as { message: string }).message, /spent \$8\.00 of \$10\.00.*auton budget/);
  });

  it('lets two agents not break the limit together: the second waits for what the first really cost', async () => {
    const { state, budget: b } = budget();
    await b.reserve('first', 't', 6, never);
    let granted = false;
    const second = b.reserve('second', 'u', 6, never).then((verdict) => {
      granted = true;
      return verdict;
    });
    await sleep(5);
    assert.equal(granted, false);
    state.spentUsd = 1; // the first call cost less than was reserved
    b.settle('first');
    assert.equal((await second).kind, 'granted');
  });

  it('keeps a task, and a day, within their own limits', async () => {
    const perTask = budget({ perTaskUsd: 1 });
    assert.equal((await perTask.budget.reserve('s', 't', 1.5, never)).kind, 'task_limit');
    const daily = budget({ dailyUsd: 5, elsewhere: 4.5 });
    assert.equal((await daily.budget.reserve('s', 't', 1, never)).kind, 'daily_limit');
  });

  it('continues when the limit is raised', async () => {
    const { state, budget: b } = budget({}, 1);
    assert.equal((await b.reserve('s', 't', 2, never)).kind, 'run_limit');
    state.maxCostUsd = 3;
    assert.equal((await b.reserve('s', 't', 2, never)).kind, 'granted');
  });

  it('gives up waiting when the run stops', async () => {
    const { budget: b } = budget();
    await b.reserve('first', 't', 9, never);
    const stop = new AbortController();
    const waiting = b.reserve('second', 't', 9, stop.signal);
    stop.abort(new Error('stopped'));
    await assert.rejects(waiting, /stopped/);
  });
});
