import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Compiled objects, named by the hash of what they were made of: every build of the run may take them. */
export function sharedObjects(runFolder: string): string {
  return join(runFolder, 'objects');
}

/** Moves objects into another folder; what is not named like one, or not a file, stays behind. */
export function adoptObjects(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isFile() && /^[0-9a-f]{64}\.o$/.test(entry.name))
      renameSync(join(from, entry.name), join(to, entry.name));
  }
}
