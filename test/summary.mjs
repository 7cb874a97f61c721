/** What there is to say last of test files that have run: where the time went, what was skipped, what failed. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** So many files, of those that took longest, are named: there is what to shorten first. */
const SLOWEST = 12;

/** What the reporter left in a file; null when it did not come to its end. */
export function readSummary(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** `times`: [file, milliseconds]; of `failed` and `skipped` there are the titles. */
export function sumOf(summaries) {
  const all = (name) => summaries.flatMap((summary) => summary[name]);
  const passed = summaries.reduce((sum, summary) => sum + summary.passed, 0);
  return { passed, failed: all('failed'), skipped: all('skipped'), times: all('times') };
}

/** The last line is one that a person or a script can read. */
export function showSummary({ passed, failed, skipped, times }) {
  if (times.length > SLOWEST)
    for (const [file, ms] of times.sort(([, a], [, b]) => b - a).slice(0, SLOWEST))
      console.log(
        `${String(Math.round(ms / 1000)).padStart(5)} s  ${relative('.', file ?? '(hooks of all)')}`,
      );
  // Each said why where it happened; here they are together, so that none goes unnoticed.
  for (const title of skipped) console.log(`skipped: ${title} (its reason is above)`);
  for (const title of failed) console.log(`failed: ${title} (its reason is above)`);
  const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  console.log(`${passed} passed, ${failed.length} failed${skips}`);
}
