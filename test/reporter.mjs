import Mocha from 'mocha';

const { EVENT_RUN_END, EVENT_TEST_RETRY } = Mocha.Runner.constants;

/** mocha's own report, then what was skipped, and one line that a person or a script can read last. */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    // A test that passes the second time is not counted; why it failed the first time is still worth to know.
    runner.on(EVENT_TEST_RETRY, (test, error) =>
      console.log(`    tried again: ${test.title}\n${error?.stack ?? error}`),
    );
    runner.on('pending', (test) => skipped.push(test));
    runner.once(EVENT_RUN_END, () => {
      // Each said why when it was skipped; here they are together, so that none goes unnoticed.
      for (const test of skipped) console.log(`skipped: ${test.fullTitle()} (its reason is above)`);
      const { passes, failures } = this.stats;
      const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
      console.log(`${passes} passed, ${failures} failed${skips}`);
    });
  }
}
