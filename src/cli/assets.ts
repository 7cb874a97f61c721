import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file or folder that AUTON ships, wherever this code runs from: `src/cli/` or a bundle in `dist/`. */
export function asset(...path: string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'kernel_spec')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, ...path);
}
