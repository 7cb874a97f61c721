import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MINI = resolve(import.meta.dirname, '../../../kernels/mini');

/** The files of the mini kernel as those of a folder's own kernel, which lies at `place`. */
export function miniKernel(place = 'kernels/x86_64'): Record<string, string> {
  const names = readdirSync(MINI, { recursive: true, encoding: 'utf8', withFileTypes: true });
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [`${place}${path.slice(MINI.length)}`, readFileSync(path, 'utf8')];
      }),
  );
}
