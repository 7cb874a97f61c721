import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';

/** Where AUTON keeps what belongs to a folder. */
export function stateFolder(folder: string): string {
  return join(folder, '.auton');
}

/** Makes it. The user's own repository, which may be around it, is not bothered with what is in it. */
export function makeStateFolder(folder: string): string {
  const path = stateFolder(folder);
  mkdirSync(path, { recursive: true });
  try {
    writeFileSync(join(path, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  return path;
}
