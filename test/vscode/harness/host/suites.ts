/** Shows the tests that run inside an extension host as tests of the mocha outside. */
import assert from 'node:assert/strict';
import { Suite, Test } from 'mocha';
import type { HostEvent, HostSuite } from './events.ts';
import type { HostSession } from './session.ts';

/** Starting a window on a busy machine. */
const START_MS = 120_000;
/** What a hook between two tests may take. */
const BETWEEN_MS = 120_000;

/**
 * Adds the host's tests to `suite`; each waits for its result. `start` is called once, before them. One test is there
 * from the beginning, since mocha passes over a suite without any.
 */
export function hostSuites(suite: Suite, start: () => Promise<HostSession>): void {
  let session: HostSession;
  let results: Results;
  suite.beforeAll('start the extension host', async function (this: Mocha.Context) {
    this.timeout(START_MS * 2);
    session = await start();
    const first = await session.next(START_MS);
    assert.equal(first.kind, 'begin');
    if (first.kind !== 'begin') return;
    results = new Results(session);
    for (const child of first.suite.suites) add(suite, child, results);
    assert.deepEqual(first.suite.tests, [], 'tests belong into a describe');
  });
  suite.addTest(
    new Test('has tests', () => {
      assert.ok(suite.suites.length > 0);
    }),
  );
}

function add(parent: Suite, { title, tests, suites }: HostSuite, results: Results): void {
  const suite = Suite.create(parent, title);
  for (const { title, number, timeoutMs } of tests) {
    const test = new Test(title, async function (this: Mocha.Context) {
      const result = await results.of(number, timeoutMs);
      if (result.kind === 'pending') this.skip();
      if (result.kind === 'fail' || result.kind === 'hook') throw failure(result);
    });
    suite.addTest(test);
    test.timeout(0); // behind `addTest`, which sets that of the suite: the host has its own
  }
  for (const child of suites) add(suite, child, results);
}

function failure({ message, stack }: { message: string; stack: string }): Error {
  const error = new Error(message);
  error.stack = stack || message;
  return error;
}

/** The results in the order in which they come. */
class Results {
  readonly #session: HostSession;
  readonly #known = new Map<number, HostEvent>();
  #hook: Extract<HostEvent, { kind: 'hook' }> | null = null;
  #ended = false;

  constructor(session: HostSession) {
    this.#session = session;
  }

  async of(test: number, timeoutMs: number): Promise<HostEvent> {
    for (;;) {
      const known = this.#known.get(test);
      if (known) return known;
      if (this.#ended) {
        // It never began: a hook before it failed.
        if (this.#hook) return this.#hook;
        throw new Error('It was not run, and the extension host did not say why');
      }
      const event = await this.#session.next(timeoutMs + BETWEEN_MS);
      if (event.kind === 'pass' || event.kind === 'fail' || event.kind === 'pending')
        this.#known.set(event.test, event);
      else if (event.kind === 'hook') this.#hook = event;
      else if (event.kind === 'end') this.#ended = true;
    }
  }
}
