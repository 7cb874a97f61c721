import assert from 'node:assert/strict';
import { closure, narrow } from '../../../src/validation/ddmin.ts';

const REQUIRES = new Map([
  ['mm', []],
  ['sched', ['mm']],
  ['ipc', ['mm', 'sched']],
  ['dev', ['mm']],
  ['drivers', []],
  ['slm', ['mm', 'ipc']],
  ['sys', ['sched']],
]);

/** Narrows a kernel that fails whenever all of `bad` are in. */
async function search(bad: string[], limits: { maxProbes?: number } = {}) {
  const probed: string[] = [];
  const result = await narrow({
    subsystems: [...REQUIRES.keys()],
    requires: REQUIRES,
    probe: async (set) => {
      assert.deepEqual(set, closure(set, REQUIRES), 'only closed sets can be built');
      probed.push(set.join(' '));
      return bad.every((name) => set.includes(name)) ? 'failed' : 'passed';
    },
    maxProbes: limits.maxProbes ?? 100,
    deadline: Infinity,
  });
  assert.equal(new Set(probed).size, probed.length, 'no set is probed twice');
  return result;
}

describe('narrowing of a failing composition', () => {
  it('finds a pair', async () =>
    assert.deepEqual((await search(['dev', 'drivers'])).culprits, ['dev', 'drivers']));
  it('finds three', async () =>
    assert.deepEqual((await search(['dev', 'drivers', 'sys'])).culprits, ['dev', 'drivers', 'sys']));
  it('finds one that others require', async () => assert.deepEqual((await search(['mm'])).culprits, ['mm']));
  it('finds a pair of which one is only required', async () =>
    assert.deepEqual((await search(['sched', 'drivers'])).culprits, ['drivers', 'sched']));
  it('leaves out what a culprit requires', async () =>
    assert.deepEqual((await search(['ipc', 'mm'])).culprits, ['ipc']));

  it('finds every pair', async () => {
    const names = [...REQUIRES.keys()];
    for (const a of names) {
      for (const b of names) {
        const expected = [a, b].filter(
          (name) => ![a, b].some((o) => o !== name && closure([o], REQUIRES).includes(name)),
        );
        const { culprits, complete } = await search([a, b]);
        assert.deepEqual(culprits, [...new Set(expected)].toSorted(), `${a} + ${b}`);
        assert.equal(complete, true);
      }
    }
  });

  it('says that it did not finish when its probes are used up', async () => {
    const { complete, probes } = await search(['dev', 'drivers'], { maxProbes: 3 });
    assert.equal(complete, false);
    assert.equal(probes, 3);
  });

  it('does not take a set that cannot be judged for a failing one', async () => {
    const { culprits } = await narrow({
      subsystems: ['a', 'b', 'c'],
      requires: new Map(),
      probe: async (set) =>
        set.length === 1 ? 'unresolved' : set.includes('a') && set.includes('c') ? 'failed' : 'passed',
      maxProbes: 50,
      deadline: Infinity,
    });
    assert.deepEqual(culprits, ['a', 'c']);
  });
});
