import assert from 'node:assert/strict';
import { ProgressWatcher, type Step } from '../../../src/agents/progress.ts';

const step = (action: string, result = 'ok', isError = false): Step => ({ action, result, isError });

function firstVerdict(steps: Step[]): number {
  const watcher = new ProgressWatcher();
  return steps.findIndex((each) => watcher.observe(each) !== null);
}

describe('ProgressWatcher', () => {
  it('notices the same action with the same result the fourth time', () => {
    assert.equal(firstVerdict(Array.from({ length: 6 }, () => step('read a'))), 3);
  });

  it('lets an action be repeated while its result changes', () => {
    assert.equal(firstVerdict(Array.from({ length: 15 }, (_, i) => step('build', `error ${i}`))), -1);
  });

  it('notices the same error three times in a row, whatever was tried', () => {
    const steps = [step('a'), step('b', 'boom', true), step('c', 'boom', true), step('d', 'boom', true)];
    assert.equal(firstVerdict(steps), 3);
  });

  it('does not count errors with successes between them', () => {
    const steps = Array.from({ length: 5 }, (_, i) => [step(`x${i}`, 'boom', true), step(`y${i}`)]).flat();
    assert.equal(firstVerdict(steps), -1);
  });

  it('notices two actions that alternate six times', () => {
    const steps = Array.from({ length: 12 }, (_, i) => step(i % 2 ? 'edit' : 'revert', `result ${i}`));
    assert.equal(firstVerdict(steps), 11);
  });

  it('starts afresh after a reset', () => {
    const watcher = new ProgressWatcher();
    for (let i = 0; i < 3; i++) watcher.observe(step('same'));
    watcher.reset();
    assert.equal(watcher.observe(step('same')), null);
  });
});
