import assert from 'node:assert/strict';
import type { Cli } from '../../../src/cli/cli.ts';
import { stageView } from '../../../src/cli/live/stage-view.ts';
import type { StageEvent } from '../../../src/slm/pipeline/events.ts';
import { MemoryStream } from './memory-stream.ts';

const step = (number: number, seconds: number): StageEvent => ({
  event: 'step',
  ...{ seconds, step: number, steps: 400, fraction: number / 400 },
  ...{ loss: 1, gradient: 1, learning_rate: 1e-3, examples_per_second: 50 },
});

describe('a training without a terminal', () => {
  it('tells the time that is left by its own steps, not by those before it or by its start', () => {
    const lines: string[] = [];
    const cli = { stdout: new MemoryStream(), env: {}, print: (...more: string[]) => lines.push(...more) };
    const view = stageView(cli as unknown as Cli, false);
    // Twenty seconds until PyTorch is there, then two steps a second.
    for (const [number, seconds] of [
      [200, 20],
      [240, 40],
      [300, 70],
    ] as const)
      view.event(step(number, seconds));
    assert.deepEqual(
      lines.map((line) => /, (.*) left$/.exec(line)?.[1]),
      [undefined, '1 min 20 s', '50 s'],
    );
  });
});
