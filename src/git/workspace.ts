import { mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Change } from '../protocol/change.ts';
import { UserError } from '../protocol/errors.ts';
import { changesBetween, diffTrees } from './changes.ts';
import { mendCheckout, moveTarget } from './checkout.ts';
import { createRepository, excludeStateFolder } from './create.ts';
import { DiffReader } from './diffs.ts';
import { ENGINE, Git, type Identity } from './git.ts';
import { History } from './history.ts';
import { inspect, requireGit, safeDirectories, type RepositoryFacts } from './inspect.ts';
import { removeOwnLocks } from './locks.ts';
import { ObjectWriter } from './loose.ts';
import { Merger, type MergeResult } from './merge.ts';
import { ContentReader } from './contents.ts';
import { Plain } from './plain.ts';
import { RefWriter } from './refs.ts';
import { Registry } from './registry.ts';
import {
  atRepository,
  branchRef,
  createRef,
  firstFree,
  isAncestor,
  resolveRef,
  revParse,
  treeOf,
  type Repository,
} from './repository.ts';
import type { RemoveResult } from './retirement.ts';
import { commitTree } from './staging.ts';
import { chooseTarget } from './target.ts';
import type { UpdateResult } from './target-merge.ts';
import { Trees } from './trees.ts';
import { WorkingTrees } from './working-tree.ts';
import { Worktrees, type TidyResult, type Worktree } from './worktrees.ts';

export { CheckoutDirtyError, MovedError } from './checkout.ts';
export type { MergeResult } from './merge.ts';
export type { RemoveResult } from './retirement.ts';
export type { UpdateResult } from './target-merge.ts';
export type { Worktree } from './worktrees.ts';

export interface WorkspaceOptions {
  /** The user's repository, or a folder that is empty or does not exist yet. */
  root: string;
  /** `.auton`: the engine's own files. May lie in `root`. */
  stateFolder: string;
  /** The first part of every task's branch. */
  branchPrefix: string;
  /** What a new workspace starts from; null: nothing. */
  template: { folder: string } | null;
  gitIdentity?: Identity;
  /** The run begins from nothing: a repository of the user's is refused, and nothing is changed in it. */
  startsEmpty?: boolean;
  /** Names the archive; worktrees of the same run are used again. */
  run?: string;
  /** Folders of merged worktrees are used for others, unless what ran in one may outlive it. Default: they are. */
  recycle?: boolean;
  /** For a run that is resumed: the branch it started with. */
  targetBranch?: string;
}

/** The git repository that a run works on. The one place in which the engine changes refs and checkouts. */
export class Workspace {
  /** What the user should know before the run starts. */
  readonly notices: string[];
  readonly #repository: Repository;
  readonly #registry: Registry;
  readonly #worktrees: Worktrees;
  readonly #merger: Merger;
  readonly #identity: Identity;

  private constructor(repository: Repository, notices: string[], identity: Identity) {
    this.notices = notices;
    this.#repository = repository;
    this.#registry = new Registry(repository);
    this.#worktrees = new Worktrees(repository, this.#registry);
    this.#merger = new Merger(repository, this.#registry, identity);
    this.#identity = identity;
  }

  /**
   * Opens the workspace, or creates its repository when `root` is empty or absent. Mends what a killed engine
   * left half done. Rejects with a UserError where AUTON cannot work.
   */
  static async open(options: WorkspaceOptions): Promise<Workspace> {
    await requireGit();
    await mkdir(options.root, { recursive: true });
    await mkdir(options.stateFolder, { recursive: true });
    const root = await realpath(resolve(options.root));
    const stateFolder = await realpath(resolve(options.stateFolder));
    const identity = options.gitIdentity ?? ENGINE;
    const git = new Git({ identity, safeDirectories: await safeDirectories() });

    const seen = await inspect(root, stateFolder);
    const facts = seen.kind === 'repository' ? seen.repository : null;
    const unborn = facts && !facts.hasCommits && facts.modified.length + facts.untracked.length === 0;
    const unfinished = facts?.created && !facts.hasCommits;
    const folders =
      !facts || unborn || unfinished ? await createRepository(git, root, options.template) : facts;

    const repository: Repository = {
      ...(await access(git, { root, stateFolder, ...folders })),
      root,
      commonDir: folders.commonDir,
      gitDir: folders.gitDir,
      stateFolder,
      recycle: options.recycle ?? true,
      created: folders !== facts || facts.created,
      branchPrefix: options.branchPrefix,
      targetBranch: options.targetBranch ?? 'main',
      run: options.run ?? 'run',
    };
    await removeOwnLocks(repository);
    await excludeStateFolder(repository.commonDir, root, stateFolder);
    const mended = await mendCheckout(repository);
    const now = mended ? await inspect(root, stateFolder) : seen;
    const state = folders === facts && now.kind === 'repository' ? now.repository : null;
    const notices = state ? changesNotice(root, state) : [];
    const resumed = options.targetBranch && (await resolveRef(repository, branchRef(options.targetBranch)));
    if (!resumed) {
      // Asked before a branch of ours is made in the user's repository.
      if (options.startsEmpty && !repository.created) throw notEmpty(root);
      const target = await chooseTarget(repository, state?.modified ?? []);
      repository.targetBranch = target.branch;
      notices.push(...target.notices);
    }
    return new Workspace(repository, notices, identity);
  }

  get root(): string {
    return this.#repository.root;
  }

  /** The engine made this repository. */
  get created(): boolean {
    return this.#repository.created;
  }

  /** The branch that accepted work goes to. */
  get targetBranch(): string {
    return this.#repository.targetBranch;
  }

  /** Set when the run has its name. */
  set run(run: string) {
    this.#repository.run = run;
  }

  get run(): string {
    return this.#repository.run;
  }

  /** The target branch's commit. */
  head(): Promise<string> {
    return revParse(this.#repository, branchRef(this.targetBranch));
  }

  treeOf(commit: string): Promise<string> {
    return treeOf(this.#repository, commit);
  }

  /** The commit that a worktree's branch is at. */
  headOf(worktree: Worktree): Promise<string> {
    return revParse(this.#repository, branchRef(worktree.branch));
  }

  /** Where the history of a commit left the target branch: what a task changed is the difference to it. */
  async mergeBase(commit: string): Promise<string> {
    const target = await this.head();
    return (
      (await this.#repository.history.mergeBase(target, commit)) ??
      (await this.#text('merge-base', target, commit))
    );
  }

  /** The target branch contains the commit. */
  isMerged(commit: string): Promise<boolean> {
    return isAncestor(this.#repository, commit, branchRef(this.targetBranch));
  }

  /**
   * Makes the target branch an empty tree with no history, for a playbook that begins from nothing. What was
   * there is kept on the branch `archive/<label>`, whose name is returned; null when there was nothing.
   */
  async startOver(label: string): Promise<string | null> {
    const { git } = this.#repository;
    const at = atRepository(this.#repository);
    const head = await this.head();
    const empty = await git.text(['hash-object', '-t', 'tree', '-w', '--stdin'], at);
    if ((await this.treeOf(head)) === empty) return null;
    if (!this.created || this.targetBranch.startsWith('auton/')) {
      throw notEmpty(this.root);
    }
    const message = `Start over\n\nThe branch archive/${label} has what was here.`;
    const sha = commitTree(this.#repository, empty, [], { message, author: this.#identity });
    const branch = await firstFree(
      `archive/${label}`,
      async (name) => (await resolveRef(this.#repository, branchRef(name))) !== null,
    );
    await createRef(this.#repository, branchRef(branch), head);
    try {
      await moveTarget(this.#repository, head, sha);
    } catch (error) {
      await this.#repository.refs.moveRef(branchRef(branch), null, head);
      throw error;
    }
    return branch;
  }

  async addWorktree(task: string, agent: string, base?: string): Promise<Worktree> {
    return this.#worktrees.add(task, agent, base ?? (await this.head()));
  }

  assertWorktree(worktree: Worktree): Promise<void> {
    return this.#worktrees.assert(worktree);
  }

  removeWorktree(worktree: Worktree, merged?: string): Promise<RemoveResult> {
    return this.#worktrees.remove(worktree, merged);
  }

  /** Cleans up after earlier runs, but not after one that may be resumed. */
  cleanWorktrees(
    mayResume: (run: string) => boolean = () => false,
  ): Promise<{ task: string; result: RemoveResult }[]> {
    return this.#worktrees.clean(mayResume);
  }

  /** Removes worktrees of this run that nothing would be lost with and that `isNeeded` has no reason for. */
  tidyWorktrees(isNeeded: (task: string) => string | null): Promise<TidyResult> {
    return this.#worktrees.tidy(isNeeded);
  }

  /** Commits what the agent did; null when it changed nothing. */
  commit(worktree: Worktree, message: string, agent: string): Promise<string | null> {
    return this.#worktrees.commit(worktree, message, agent);
  }

  /** What differs from `base`, in a commit or in a worktree as it is now. */
  changes(base: string, head: string | Worktree): Promise<Change[]> {
    return typeof head === 'string'
      ? changesBetween(this.#repository, base, head)
      : this.#worktrees.changes(head, base);
  }

  diff(base: string, head: string): Promise<string> {
    return diffTrees(this.#repository, base, head);
  }

  worktreeDiff(worktree: Worktree): Promise<string> {
    return this.#worktrees.diff(worktree);
  }

  updateFromTarget(worktree: Worktree): Promise<UpdateResult> {
    return this.#worktrees.updateFromTarget(worktree);
  }

  unfinishedMerge(worktree: Worktree): Promise<string[] | null> {
    return this.#worktrees.unfinishedMerge(worktree);
  }

  finishMerge(worktree: Worktree): Promise<string> {
    return this.#worktrees.finishMerge(worktree);
  }

  /** A merge commit of `head` into `base`, checked out for building. Nothing moves. */
  prepareMerge(base: string, head: string, message: string): Promise<MergeResult> {
    return this.#merger.prepare(base, head, message);
  }

  /** A commit's files for building, exactly and only those, until the next merge is prepared. */
  async checkout(commit: string): Promise<{ path: string; tree: string }> {
    return { path: await this.#merger.checkOut(commit), tree: await this.treeOf(commit) };
  }

  /** Moves the target branch from `expected` to `sha` and the created checkout with it; the only way it moves. */
  fastForward(expected: string, sha: string): Promise<void> {
    return moveTarget(this.#repository, expected, sha);
  }

  /** Ends the processes that run git; the workspace is not used afterwards. */
  close(): void {
    this.#registry.close();
    this.#repository.objects.close();
    this.#repository.refs.close();
    this.#repository.diffs.close();
    this.#repository.git.close();
  }

  #text(...args: string[]): Promise<string> {
    return this.#repository.git.text(args, atRepository(this.#repository));
  }
}

/** How the repository is read and written. */
async function access(
  git: Git,
  { root, commonDir, stateFolder }: { root: string; commonDir: string; stateFolder: string },
) {
  const format = await git.text(['rev-parse', '--show-object-format'], { gitDir: commonDir });
  const hash = format === 'sha256' ? format : 'sha1';
  const objects = new ContentReader(() =>
    git.start([`--git-dir=${commonDir}`, 'cat-file', '--batch-command']),
  );
  const writer = new ObjectWriter(commonDir, hash);
  const trees = new Trees(objects, writer);
  return {
    ...{ git, objects, writer, trees },
    workingTrees: new WorkingTrees({ objects, writer, trees, plain: new Plain(git, commonDir), hash }),
    refs: new RefWriter(git, commonDir, stateFolder),
    diffs: new DiffReader(git, commonDir, root),
    history: new History(objects),
  };
}

function notEmpty(root: string): UserError {
  return new UserError(
    `${root} has files of its own, and this playbook begins with an empty workspace.`,
    'Set workspace.path to an empty folder, or pass one with --workspace.',
  );
}

function changesNotice(root: string, { modified, untracked }: RepositoryFacts): string[] {
  const count = modified.length + untracked.length;
  if (count === 0) return [];
  return [
    `${root} has ${count} ${count === 1 ? 'file' : 'files'} with uncommitted changes, which the agents do not see.`,
  ];
}
