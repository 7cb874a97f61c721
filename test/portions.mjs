/** Which test files share a mocha, and in which order these begin: what takes longest first, so that all end together. */
import { globSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Files below `folder` with the same `by` share one; the first row that fits counts. All others give way to the editor: a
 * window that waits for compilers loses its pickers, while a compiler that waits for a window only takes longer. Who gives
 * way may be kept waiting past a time limit once; the reporter says so.
 */
const ROWS = [
  { folder: 'test/vscode/', by: () => 'test/vscode', options: [], givesWay: false }, // one server and one browser
  { folder: 'test/integration/cli/', by: dirname },
  { folder: 'test/integration/run/', by: dirname },
  { folder: 'test/slm/', by: (file) => file },
  { folder: 'test/kernel/', by: (file) => file },
  { folder: 'test/integration/', by: dirname },
  { folder: 'test/', by: () => 'test/unit' },
].map((row) => ({ options: ['--retries', '1'], givesWay: true, ...row }));

/** All test files, each in one portion: `{ name, files, options, givesWay }`. */
export function portions() {
  const files = globSync('test/**/*.test.ts', { exclude: ['test/vscode/host/**'] }).sort();
  const rowOf = (file) => ROWS.find(({ folder }) => file.startsWith(folder));
  return ROWS.flatMap((row) => {
    const groups = Map.groupBy(
      files.filter((file) => rowOf(file) === row),
      row.by,
    );
    return [...groups].map(([name, members]) => ({ ...row, name, files: members }));
  });
}
