import assert from 'node:assert/strict';
import { StageProgress } from '../../../src/run/slm/progress.ts';

const step = (at: number, loss = 2) => ({
  ...{ event: 'step' as const, seconds: at, step: at, steps: 1000, loss, gradient: 1 },
  ...{ learning_rate: 0.1, examples_per_second: 9, fraction: at / 1000 },
});

describe('the progress of a stage', () => {
  it('shows one step in ten seconds, and where it is', () => {
    const progress = new StageProgress();
    const shown = Array.from({ length: 1000 }, (_, at) => progress.next(step(at), at * 100)).filter(Boolean);
    assert.equal(shown.length, 10);
    assert.deepEqual(shown[1], { text: 'step 100 of 1000, loss 2.000', fraction: 0.1 });
  });

  it('shows whatever matters at once', () => {
    const progress = new StageProgress();
    progress.next(step(1), 0);
    const diverged = {
      event: 'diverged' as const,
      seconds: 1,
      reason: 'the loss is nan',
      attempt: 1,
      retries: 3,
    };
    assert.equal(progress.next(diverged, 1)?.text, 'diverged (the loss is nan), retry 1 of 3');
    assert.equal(progress.next({ event: 'done', seconds: 2 }, 2)?.fraction, 1);
    assert.equal(progress.next(step(2), 3), null);
  });
});
