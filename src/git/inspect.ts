import { readdir } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { simpleGit } from 'simple-git';
import { errorMessage, hasCode, UserError } from '../protocol/errors.ts';
import { gitMissing } from './git.ts';

/** The first version with `git merge-tree --write-tree`, which merges without touching a checkout. */
const NEEDED = { major: 2, minor: 38 };

/** What is at the workspace's path, as the user's own git sees it. */
export type Inspection = { kind: 'empty' } | { kind: 'repository'; repository: RepositoryFacts };

export interface RepositoryFacts {
  /** Where refs, objects and the registry of worktrees are: shared by all checkouts. */
  commonDir: string;
  /** The git folder of the checkout at the workspace's path. */
  gitDir: string;
  /** Set by the engine when it created the repository. */
  created: boolean;
  /** False before the first commit. */
  hasCommits: boolean;
  /** Tracked files that differ from the last commit. */
  modified: string[];
  untracked: string[];
}

/** Rejects with a UserError when git is missing or too old. */
export async function requireGit(): Promise<void> {
  const version = await simpleGit().version();
  if (!version.installed) throw gitMissing();
  const { major, minor } = version;
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return;
  throw new UserError(
    `git ${major}.${minor} is too old: ${NEEDED.major}.${NEEDED.minor} is needed.`,
    'Update git (Debian 12 and Ubuntu 24.04 have a newer one; see git-scm.com for others).',
  );
}

/** Values of `safe.directory` in the user's configuration, which git honours from nowhere else. */
export async function safeDirectories(): Promise<string[]> {
  const { HOME, GIT_CONFIG_GLOBAL } = process.env;
  if (HOME === undefined && GIT_CONFIG_GLOBAL === undefined) return []; // git has no other place to look
  const { values } = await simpleGit().getConfig('safe.directory', 'global');
  return values.filter((value) => value !== null);
}

/** Looks at `root`, an existing folder; `ignore` is a folder in it that does not count as content. */
export async function inspect(root: string, ignore: string): Promise<Inspection> {
  const entries = await readdir(root).catch((error: unknown) => {
    if (hasCode(error, 'ENOTDIR'))
      throw new UserError(`${root} is not a folder.`, 'Set workspace.path to one.');
    throw error;
  });
  const own = relative(root, ignore).split(sep)[0];
  const content = entries.filter((name) => name !== own);
  if (content.length === 0) return { kind: 'empty' };

  const git = simpleGit(root);
  const revParse = async (...args: string[]) =>
    (await git.raw('rev-parse', '--path-format=absolute', ...args)).trimEnd().split('\n');
  const facts = await revParse('--is-bare-repository', '--git-common-dir', '--absolute-git-dir').catch(
    (error: unknown) => Promise.reject(notUsable(root, errorMessage(error))),
  );
  const [bare, commonDir = '', gitDir = ''] = facts;
  if (bare === 'true') {
    throw new UserError(
      `${root} is a bare repository.`,
      'Set workspace.path to a clone of it that has a checkout.',
    );
  }
  const [toplevel = ''] = await revParse('--show-toplevel').catch(() => ['']);
  if (toplevel !== root) {
    throw new UserError(
      `${root} has files and is no git repository of its own.`,
      toplevel
        ? `It belongs to ${toplevel}: set workspace.path to that folder, or to one that is empty.`
        : 'Set workspace.path to the top of the repository, or to an empty folder.',
    );
  }
  const format = await git.getConfig('extensions.refstorage', 'local');
  if (format.value && format.value !== 'files') {
    throw new UserError(
      `${root} keeps its refs as ${format.value}, which AUTON cannot work with.`,
      'Convert it with: git refs migrate --ref-format=files',
    );
  }
  const created = await git.getConfig('auton.created', 'local');
  const status = await git.status(['--untracked-files=normal', '--ignore-submodules=dirty']);
  return {
    kind: 'repository',
    repository: {
      commonDir,
      gitDir,
      created: created.value === 'true',
      hasCommits: await git.raw('rev-parse', '--verify', '--quiet', 'HEAD').then(Boolean, () => false),
      modified: status.files.filter((file) => file.index !== '?').map((file) => file.path),
      untracked: status.not_added,
    },
  };
}

function notUsable(root: string, message: string): UserError {
  if (message.includes('dubious ownership')) {
    return new UserError(
      `git does not trust ${root}: it belongs to another user.`,
      `If you do, run: git config --global --add safe.directory ${root}`,
    );
  }
  return new UserError(
    `${root} has files and is not a git repository.`,
    `Make it one (cd ${root} && git init -b main && git add -A && git commit -m "Start"), or set workspace.path ` +
      'to an empty folder.',
  );
}
