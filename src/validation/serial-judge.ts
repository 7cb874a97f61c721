import type { AcceptanceTest, TestResult } from '../protocol/evidence.ts';

/** A kernel's own clock in front of a line is not part of it. */
const TIMESTAMP = '(?:\\[ *\\d+\\.\\d+\\] )?';
const PANIC = /^\W*(?:kernel )?panic\b|^FATAL:|^EXCEPTION \d+: /i;
const SELF_TEST = /^(?:\[ *\d+\.\d+\] )?\[TEST\] (\S+): FAIL(?: - (.*))?$/;

const SELF_TESTS_DONE = new RegExp(`^${TIMESTAMP}\\[TEST\\] \\d+ run, \\d+ failed$`);

interface Expectation {
  test: AcceptanceTest;
  missing: Map<string, RegExp>;
  forbidden: RegExp[];
  forbiddenLine?: string;
}

/**
 * Reads a boot's serial lines as they come and knows which tests they satisfy. A line counts from its beginning, a
 * `[TEST]` line as a whole, so that neither an echo of the command line nor a message about a marker passes for it.
 */
export class SerialJudge {
  readonly lines: string[] = [];
  /** Self-tests that failed, with their reasons; any of them fails the boot. */
  readonly failedSelfTests = new Map<string, string>();
  /** The line with which the kernel gave up. Nothing after it counts. */
  panic: string | undefined;
  /** The kernel has said that it is through with its self-tests. */
  selfTestsDone = false;
  readonly #expectations: Expectation[];

  constructor(tests: readonly AcceptanceTest[]) {
    this.#expectations = tests.map((test) => ({
      test,
      missing: new Map(test.patterns.map((pattern) => [pattern, lineRegExp(pattern)])),
      forbidden: test.forbidden.map(lineRegExp),
    }));
  }

  /** True when a test needed this line and had not seen it. */
  read(line: string): boolean {
    this.lines.push(line);
    if (this.panic !== undefined) return false;
    if (PANIC.test(line)) this.panic = line.trim();
    this.selfTestsDone ||= SELF_TESTS_DONE.test(line);
    const failed = SELF_TEST.exec(line);
    if (failed?.[1] !== undefined) this.failedSelfTests.set(failed[1], failed[2] ?? 'no reason given');
    let needed = false;
    for (const expectation of this.#expectations) {
      for (const [pattern, regExp] of expectation.missing) {
        if (!regExp.test(line)) continue;
        expectation.missing.delete(pattern);
        needed = true;
      }
      if (expectation.forbidden.some((regExp) => regExp.test(line))) expectation.forbiddenLine ??= line;
    }
    return needed;
  }

  get complete(): boolean {
    return this.#expectations.every(({ missing }) => missing.size === 0);
  }

  /** Tests that have passed already, because nothing that they forbid can come any more. */
  settled(): TestResult[] {
    const open = new Set(
      this.#expectations.flatMap(({ test, forbidden }) => (forbidden.length > 0 ? test.name : [])),
    );
    return this.results().filter(({ name, passed }) => passed && !open.has(name));
  }

  /** The outcome of each test on what was read so far. */
  results(): TestResult[] {
    return this.#expectations.map(({ test, missing, forbiddenLine }) => {
      const own = [...this.failedSelfTests].filter(([name]) =>
        test.patterns.some((p) => lineRegExp(p).test(`[TEST] ${name}: PASS`)),
      );
      const details = [
        ...own.map(([name, reason]) => `[TEST] ${name} failed: ${reason}.`),
        ...(forbiddenLine === undefined ? [] : [`This line must not appear: ${forbiddenLine}`]),
        ...(missing.size === 0 ? [] : [`Not seen on the serial port: ${[...missing.keys()].join('  ')}`]),
      ];
      return {
        name: test.name,
        subsystem: test.subsystem,
        passed: details.length === 0,
        missing: [...missing.keys()],
        ...(details.length === 0 ? {} : { detail: details.join(' ') }),
      };
    });
  }
}

function lineRegExp(pattern: string): RegExp {
  const whole = pattern.startsWith('\\[TEST\\]') ? '$' : '';
  return new RegExp(`^${TIMESTAMP}(?:${pattern})${whole}`);
}
