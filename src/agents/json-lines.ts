import { readFileSync, truncateSync, writeSync } from 'node:fs';

/** Appends a text to a file; a disk that is nearly full takes a part of what it is given without an error. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

/**
 * The whole lines of a file that is only ever appended to. What a crash in the middle of a write left behind the
 * last of them is ignored, and cut off when `repair` is set.
 */
export function readLines(file: string, { repair = false } = {}): string[] {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length && repair) truncateSync(file, end);
  return bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
}
