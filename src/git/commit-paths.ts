import { mkdir } from 'node:fs/promises';
import { createRepository } from './create.ts';
import { ENGINE, Git } from './git.ts';
import { safeDirectories } from './inspect.ts';

/**
 * Commits these paths of a folder as they are now, and nothing else that is staged there. The commit; null where the
 * folder is in no repository, or nothing of them has changed.
 */
export async function commitPaths(
  folder: string,
  paths: readonly string[],
  message: string,
): Promise<string | null> {
  const git = await engineGit();
  const at = { cwd: folder };
  const inside = await git.run(['rev-parse', '--is-inside-work-tree'], at);
  if (inside.code !== 0 || inside.stdout.toString().trim() !== 'true') return null;
  await git.text(['add', '--all', '--force', '--', ...paths], at);
  const { code } = await git.run(['diff', '--cached', '--quiet', '--', ...paths], at);
  if (code === 0) return null;
  await git.text(['commit', '--quiet', '--no-verify', '--only', '-m', message, '--', ...paths], at);
  return git.text(['rev-parse', 'HEAD'], at);
}

/** A new folder with a copy of a template, and a repository with that as its one commit. */
export async function startFrom(template: string, root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  await createRepository(await engineGit(), root, { folder: template });
}

async function engineGit(): Promise<Git> {
  return new Git({ identity: ENGINE, safeDirectories: await safeDirectories(), offline: true });
}
