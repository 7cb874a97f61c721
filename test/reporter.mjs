import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { showSummary } from './summary.mjs';

const {
  EVENT_HOOK_END,
  EVENT_RUN_END,
  EVENT_TEST_END,
  EVENT_TEST_FAIL,
  EVENT_TEST_PENDING,
  EVENT_TEST_RETRY,
} = Mocha.Runner.constants;

/** mocha's own report, and a summary: shown, or with the option `summary` written into that file, for who sums them up. */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    // A test that passes the second time is not counted; why it failed the first time is still worth to know.
    runner.on(EVENT_TEST_RETRY, (test, error) =>
      console.log(`    tried again: ${test.title}\n${error?.stack ?? error}`),
    );
    const times = new Map();
    for (const event of [EVENT_TEST_END, EVENT_TEST_RETRY, EVENT_HOOK_END])
      runner.on(event, ({ file, duration = 0 }) => times.set(file, (times.get(file) ?? 0) + duration));
    const failed = [];
    const skipped = [];
    runner.on(EVENT_TEST_FAIL, (test) => failed.push(test.fullTitle()));
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.once(EVENT_RUN_END, () => {
      const summary = { passed: this.stats.passes, failed, skipped, times: [...times] };
      const file = options?.reporterOptions?.summary;
      if (file) writeFileSync(file, JSON.stringify(summary));
      else showSummary(summary);
    });
  }
}
