import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import type { Git } from './git.ts';

/** Outputs of a build in the template's own folder; they are no part of it. */
const NOT_TEMPLATE = /^(build(-.*)?|\.git|\.auton)$/;

/**
 * Makes `root` a repository with one commit on `main`: empty, or with the template's files. Every step can be
 * repeated, so a creation that was cut off is finished by calling this again.
 */
export async function createRepository(
  git: Git,
  root: string,
  template: { folder: string } | null,
): Promise<{ commonDir: string; gitDir: string }> {
  const gitDir = join(root, '.git');
  const at = { cwd: root, gitDir, workTree: root };
  await git.text(['init', '--quiet', '--initial-branch=main', root], {
    env: { GIT_TEMPLATE_DIR: '', GIT_DEFAULT_REF_FORMAT: 'files' },
  });
  await git.text(['config', 'auton.created', 'true'], at);
  await exclude(gitDir, ['build/', 'build-*/']);
  if (template) {
    await cp(template.folder, root, {
      recursive: true,
      filter: (source) => source === template.folder || !NOT_TEMPLATE.test(basename(source)),
    });
    await git.text(['add', '--all'], at);
  }
  const message = template ? `Start from ${basename(template.folder)}` : 'Start an empty workspace';
  await git.text(['commit', '--quiet', '--allow-empty', '--no-verify', '-m', message], at);
  return { commonDir: gitDir, gitDir };
}

/** Hides the engine's own folder from git when it lies in the checkout. */
export async function excludeStateFolder(
  commonDir: string,
  root: string,
  stateFolder: string,
): Promise<void> {
  const path = relative(root, stateFolder).split(sep).join('/');
  if (path === '' || path.startsWith('..')) return;
  await exclude(commonDir, [`/${path}/`]);
}

async function exclude(commonDir: string, patterns: string[]): Promise<void> {
  const file = join(commonDir, 'info', 'exclude');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  });
  const missing = patterns.filter((pattern) => !text.split('\n').includes(pattern));
  if (missing.length === 0) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`);
}
