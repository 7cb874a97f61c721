import { relative } from 'node:path';
import Mocha from 'mocha';

const { EVENT_HOOK_END, EVENT_RUN_END, EVENT_TEST_END, EVENT_TEST_RETRY } = Mocha.Runner.constants;
/** So many files, of those that took longest, are named: there is what to shorten first. */
const SLOWEST = 12;

/** mocha's own report, where the time went, what was skipped, and one line that a person or a script can read last. */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    // A test that passes the second time is not counted; why it failed the first time is still worth to know.
    runner.on(EVENT_TEST_RETRY, (test, error) =>
      console.log(`    tried again: ${test.title}\n${error?.stack ?? error}`),
    );
    const times = new Map();
    for (const event of [EVENT_TEST_END, EVENT_TEST_RETRY, EVENT_HOOK_END])
      runner.on(event, ({ file, duration = 0 }) => times.set(file, (times.get(file) ?? 0) + duration));
    runner.on('pending', (test) => skipped.push(test));
    runner.once(EVENT_RUN_END, () => {
      const slowest = [...times].sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
      if (times.size > SLOWEST)
        for (const [file, ms] of slowest)
          console.log(
            `${String(Math.round(ms / 1000)).padStart(5)} s  ${relative('.', file ?? '(hooks of all)')}`,
          );
      // Each said why when it was skipped; here they are together, so that none goes unnoticed.
      for (const test of skipped) console.log(`skipped: ${test.fullTitle()} (its reason is above)`);
      const { passes, failures } = this.stats;
      const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
      console.log(`${passes} passed, ${failures} failed${skips}`);
    });
  }
}
