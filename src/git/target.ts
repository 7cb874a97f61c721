import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { hasCode, UserError } from '../protocol/errors.ts';
import {
  atRoot,
  branchRef,
  createRef,
  isAncestor,
  readText,
  resolveRef,
  type Repository,
} from './repository.ts';

/** Where accepted work goes when `main` is somewhere that the engine must not touch. */
const OWN_TARGET = 'auton/main';

export interface Target {
  branch: string;
  notices: string[];
}

/**
 * Decides which branch accepted work goes to: `main`, unless that would move a branch under a checkout that is
 * the user's or has the user's changes in it; then `auton/main`, created at main's tip.
 */
export async function chooseTarget(repository: Repository, modified: string[]): Promise<Target> {
  const { branch: main, tip } = await mainBranch(repository);
  const where = main ? await checkedOutAt(repository, main) : null;
  if (main && where === null) return { branch: main, notices: [] };
  if (main && where === repository.root && repository.created && modified.length === 0) {
    return { branch: main, notices: [] };
  }

  const notices: string[] = [];
  const branch = await ownTarget(repository, tip, notices);
  const reason =
    main === null
      ? `${repository.root} is on no branch`
      : repository.created
        ? `${repository.root} has uncommitted changes (${some(modified)})`
        : `${main} is checked out in ${where ?? repository.root}`;
  notices.unshift(
    `${reason}, so accepted work goes to the branch ${branch}. ` +
      `Take it with: git merge --ff-only ${branch}`,
  );
  return { branch, notices };
}

/** `main` where it exists, else the branch that HEAD names; null and HEAD's commit when it names none. */
async function mainBranch(repository: Repository): Promise<{ branch: string | null; tip: string }> {
  const main = await resolveRef(repository, branchRef('main'));
  if (main) return { branch: 'main', tip: main };
  const head = await repository.git.run(['rev-parse', '--verify', '--quiet', 'HEAD'], atRoot(repository));
  if (head.code !== 0) {
    throw new UserError(
      `${repository.root} has files but no commit.`,
      'Commit them (git add -A && git commit -m "Start"), or set workspace.path to an empty folder.',
    );
  }
  const symbolic = await repository.git.run(
    ['symbolic-ref', '--quiet', '--short', 'HEAD'],
    atRoot(repository),
  );
  return {
    branch: symbolic.code === 0 ? symbolic.stdout.toString().trim() : null,
    tip: head.stdout.toString().trim(),
  };
}

/** The first of auton/main, auton/main-2, ... that is free, or holds main and nothing of somebody else. */
async function ownTarget(repository: Repository, tip: string, notices: string[]): Promise<string> {
  for (let suffix = 1; ; suffix += 1) {
    const branch = suffix === 1 ? OWN_TARGET : `${OWN_TARGET}-${suffix}`;
    const sha = await resolveRef(repository, branchRef(branch));
    if (!sha) {
      await createRef(repository, branchRef(branch), tip).catch((error: unknown) => {
        throw new UserError(
          `The branch ${branch} could not be created.`,
          'If a branch named "auton" exists, rename it: git branch -m auton <other name>',
          { cause: error },
        );
      });
      return branch;
    }
    const where = await checkedOutAt(repository, branch);
    if (where !== null) {
      notices.push(`${branch} is checked out in ${where} and stays as it is.`);
    } else if (await isAncestor(repository, tip, sha)) {
      return branch;
    } else if (await isAncestor(repository, sha, tip)) {
      await repository.refs.moveRef(branchRef(branch), tip, sha);
      return branch;
    } else {
      notices.push(`${branch} has commits that are not based on the current main and stays as it is.`);
    }
  }
}

/** The checkout in which the branch is checked out, a rebase of it in progress included; null for none. */
export async function checkedOutAt(repository: Repository, branch: string): Promise<string | null> {
  return (await targetState(repository, branch)).checkout;
}

/** A branch's commit and the checkout it is in, in one call. */
export async function targetState(
  repository: Repository,
  branch: string,
): Promise<{ sha: string | null; checkout: string | null }> {
  const ref = branchRef(branch);
  const sha = await resolveRef(repository, ref);
  for (const state of ['rebase-merge', 'rebase-apply']) {
    if ((await readText(join(repository.gitDir, state, 'head-name'))) === ref) {
      return { sha, checkout: repository.root };
    }
  }
  return { sha, checkout: await checkoutOf(repository, ref) };
}

/**
 * The checkout that is on a ref, found in the files that gitrepository-layout(5) describes: asking git takes a process
 * for each task that is merged.
 */
async function checkoutOf({ commonDir }: Repository, ref: string): Promise<string | null> {
  const isOn = async (gitDir: string) => (await readText(join(gitDir, 'HEAD'))) === `ref: ${ref}`;
  if (await isOn(commonDir)) return dirname(commonDir);
  const folder = join(commonDir, 'worktrees');
  const ids = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  for (const id of ids) {
    const gitDir = join(folder, id);
    if (!(await isOn(gitDir))) continue;
    const link = await readText(join(gitDir, 'gitdir'));
    return link === null ? gitDir : dirname(resolve(gitDir, link));
  }
  return null;
}

function some(paths: string[]): string {
  return paths.length <= 3
    ? paths.join(', ')
    : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`;
}
