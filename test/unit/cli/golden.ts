import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Compares what a person would see with the text file beside the test. UPDATE_GOLDEN=1 writes the files anew: look
 * at the difference before committing it.
 */
export function assertGolden(name: string, lines: readonly string[]): void {
  const file = join(import.meta.dirname, `${name}.txt`);
  const text = `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text);
  assert.ok(existsSync(file), `${file} is missing: run the test with UPDATE_GOLDEN=1`);
  assert.equal(text, readFileSync(file, 'utf8'));
}
