import assert from 'node:assert/strict';
import { workClock } from '../../../webview-ui/model/work-clock.ts';

const MINUTE = 60_000;

describe('the clock of work on a run', () => {
  const periods = [
    { from: 0, to: 10 * MINUTE },
    { from: 70 * MINUTE, to: 75 * MINUTE },
  ];

  it('stands still while no engine works', () => {
    const clock = workClock(periods, null);
    assert.equal(clock(5 * MINUTE), 5 * MINUTE);
    assert.equal(clock(40 * MINUTE), 10 * MINUTE);
    assert.equal(clock(71 * MINUTE), 11 * MINUTE);
    assert.equal(clock(900 * MINUTE), 15 * MINUTE);
    assert.equal(clock.total, 15 * MINUTE);
  });

  it('goes on while the run does', () => {
    assert.equal(workClock(periods, 80 * MINUTE).total, 20 * MINUTE);
  });

  it('names interruptions, except those that nobody notices', () => {
    assert.deepEqual(workClock(periods, null).breaks, [{ at: 10 * MINUTE, ms: 60 * MINUTE }]);
    const short = [...periods, { from: 75 * MINUTE + 500, to: 80 * MINUTE }];
    assert.equal(workClock(short, null).breaks.length, 1);
  });

  it('is at 0 before anything happened', () => {
    assert.equal(workClock([], 5)(5), 0);
    assert.equal(workClock(periods, null)(-1), 0);
  });
});
