/** Runs mocha inside the extension host and tells each step outside, so that it shows there as it happens. */
import Mocha from 'mocha';
import { MARK, type HostEvent, type HostSuite } from './events.ts';

const TIMEOUT_MS = 60_000;

/**
 * `load` requires the test files; it is called when `describe` and `it` are there. Rejects when a test failed.
 * With AUTON_TEST_REPORTER a person reads along.
 */
export async function runSuites(load: () => void): Promise<void> {
  process.setSourceMapsEnabled(true);
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: TIMEOUT_MS,
    reporter: process.env['AUTON_TEST_REPORTER'] ?? Told,
  });
  mocha.suite.emit('pre-require', globalThis, 'host', mocha);
  load();
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} failed`);
}

class Told extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const numbers = new Map<Mocha.Test, number>();
    runner.suite.eachTest((test) => void numbers.set(test, numbers.size));
    const number = (test: Mocha.Test) => numbers.get(test) ?? -1;
    tell({ kind: 'begin', suite: describeSuite(runner.suite, numbers) });
    runner.on('test', (test) => tell({ kind: 'test', test: number(test) }));
    runner.on('pass', (test) => tell({ kind: 'pass', test: number(test) }));
    runner.on('pending', (test) => tell({ kind: 'pending', test: number(test) }));
    runner.on('fail', (test, error: Error) => {
      const { message, stack = '' } = error;
      const hook = (test as { type?: string }).type === 'hook';
      // A hook that fails takes tests with it that then never begin.
      if (hook) tell({ kind: 'hook', title: test.fullTitle(), message, stack });
      else tell({ kind: 'fail', test: number(test), message, stack });
    });
    runner.once('end', () => tell({ kind: 'end' }));
  }
}

function describeSuite(suite: Mocha.Suite, numbers: ReadonlyMap<Mocha.Test, number>): HostSuite {
  return {
    title: suite.title,
    tests: suite.tests.map((test) => ({
      title: test.title,
      number: numbers.get(test) ?? -1,
      timeoutMs: test.timeout(),
    })),
    suites: suite.suites.map((child) => describeSuite(child, numbers)),
  };
}

function tell(event: HostEvent): void {
  console.log(MARK + JSON.stringify(event));
}
