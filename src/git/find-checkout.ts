import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import type { Checkout } from './pending.ts';
import { readText } from './repository.ts';

/** The entry of a repository's registry of worktrees whose checkout is at `path`. */
export async function findCheckout(commonDir: string, path: string): Promise<Checkout | null> {
  const folder = join(commonDir, 'worktrees');
  const isOf = async (id: string) => (await readText(join(folder, id, 'gitdir'))) === join(path, '.git');
  const usual = entryName(path);
  if (await isOf(usual)) return { path, gitDir: join(folder, usual) };
  const ids = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  for (const id of ids) if (await isOf(id)) return { path, gitDir: join(folder, id) };
  return null;
}

/** What a checkout's entry is called unless the name is taken. */
export function entryName(path: string): string {
  return `auton-${basename(path).replace(/^\.+/, '')}`;
}
