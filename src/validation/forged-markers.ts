import { matchesGlob } from 'node:path';
import type { Change } from '../protocol/change.ts';
import type { AcceptanceTest, Finding } from '../protocol/evidence.ts';

/** The kernel's self-test runner: the one place that may print a self-test's outcome. */
const RUNNERS = ['**/selftest.c', '**/selftest.h', '**/selftests.c', 'kernel/kernel.c'];
const SOURCE = /\.(?:c|h|S|s|asm|inc|def)$/;
const STRING = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.){4,})'|`((?:[^`\\]|\\.)*)`/g;

/**
 * String literals that would make a test pass without anything having been tested: the outcome of a self-test outside
 * the runner, and markers with a number that is written down instead of counted. Catches the careless; who hides a
 * marker better than that is the reviewer's to find.
 */
export function forgedMarkers(change: Change, tests: readonly AcceptanceTest[]): Finding[] {
  if (!SOURCE.test(change.path)) return [];
  const runner = RUNNERS.some((glob) => matchesGlob(change.path, glob));
  const counted = tests.flatMap((test) =>
    test.patterns.filter((pattern) => pattern.includes('\\d')).map(markerOf),
  );
  return change.addedLines.flatMap(({ line, text }) => {
    const literals = literalsOf(text);
    const finding = (message: string): Finding[] => [{ severity: 'error', message, file: change.path, line }];
    if (!runner && literals.some(claimsOutcome)) {
      return finding(
        "prints a self-test's outcome itself. Register a self-test; the kernel's runner prints what it returns.",
      );
    }
    const constant = literals.find((literal) => counted.some((pattern) => pattern.test(literal)));
    return constant === undefined || runner
      ? []
      : finding(`"${constant}" has its number written down. Print what the kernel found out.`);
  });
}

/** Adjacent literals are one string. */
function literalsOf(text: string): string[] {
  if (/^\s*(?:\/\/|\/\*|\*|;|#(?!define))/.test(text)) return []; // A comment prints nothing.
  const joined = text.replace(/"\s*"/g, '');
  const literals = [...joined.matchAll(STRING)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  // A logger that puts the tag in front: log("TEST", "name: PASS").
  const tagged = literals.slice(1).map((literal, i) => `[${literals[i] ?? ''}] ${literal}`);
  return [...literals, ...tagged];
}

function claimsOutcome(literal: string): boolean {
  return /\[TEST\]/.test(literal) || /^\w+: PASS\b/.test(literal);
}

/** The pattern with its numbers as digits that are really there, at the start of the literal, its tag optional. */
function markerOf(pattern: string): RegExp {
  const tagged = /^\\\[\w+\\\] /.exec(pattern)?.[0];
  const rest = tagged === undefined ? pattern : pattern.slice(tagged.length);
  return new RegExp(`^(?:${tagged ?? ''})?${rest}`);
}
