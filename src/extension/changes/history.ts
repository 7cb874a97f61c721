import type { RunState, TaskView } from '../../protocol/run-state.ts';
import { GoneError, type Commit, type Repository } from './repository.ts';

/** More commits of one branch are not listed. */
const MAX_COMMITS = 200;

/** git's name for a tree without files, by the length of its ids; what a first commit is compared with. */
const EMPTY_TREE: Record<number, string> = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

export interface BranchHistory {
  /** What the branch's changes are compared with. */
  base: string;
  head: string;
  /** Newest first; what was merged into the branch is not among them. */
  commits: Commit[];
  /** The commit that brought the branch to the main line. */
  merge: Commit | null;
}

/** The commits of a task's branch, since it left the main line. Null when the task has not been tried. */
export async function branchHistory(
  repository: Repository,
  state: RunState,
  task: TaskView,
): Promise<BranchHistory | null> {
  const last = task.attempts.at(-1);
  if (!last) return null;
  const merge = task.mergedAs === null ? null : await must(repository, task.mergedAs);
  const tip = merge?.parents[1] ?? (await tipOf(repository, task)) ?? last.base;
  const { base, commits } = await walk(repository, tip, mainLine(state));
  if (merge) return { base: parentOf(merge), head: merge.id, commits, merge };
  return { base, head: tip, commits, merge };
}

/** What a commit's changes are compared with. */
export function parentOf({ id, parents }: Commit): string {
  return parents[0] ?? EMPTY_TREE[id.length]!;
}

/** An attempt that runs may have moved the branch; ended ones said where they left it, and the branch may be gone. */
async function tipOf(repository: Repository, task: TaskView): Promise<string | null> {
  const last = task.attempts.at(-1)!;
  if (last.outcome === null) {
    const branch = await repository.branch(last.branch);
    if (branch) return branch.id;
  }
  return task.attempts.findLast(({ head }) => head !== null)?.head ?? null;
}

async function walk(
  repository: Repository,
  tip: string,
  isMain: ReadonlySet<string>,
): Promise<{ base: string; commits: Commit[] }> {
  const commits: Commit[] = [];
  let merged: string | undefined;
  let at = tip;
  while (!isMain.has(at) && commits.length < MAX_COMMITS) {
    const commit = await must(repository, at);
    commits.push(commit);
    // The main line as it was when it was last merged into the branch.
    merged ??= commit.parents[1];
    at = parentOf(commit);
    if (commit.parents.length === 0) break;
  }
  return { base: merged ?? at, commits };
}

/** Commits of the main line that the run has seen. */
function mainLine(state: RunState): Set<string> {
  const commits = new Set([state.base, ...state.merges.map(({ sha }) => sha)]);
  for (const { attempts } of state.tasks.values()) for (const { base } of attempts) commits.add(base);
  return commits;
}

async function must(repository: Repository, id: string): Promise<Commit> {
  const commit = await repository.commit(id);
  if (commit) return commit;
  throw (await repository.whyGone([id])) ?? new GoneError('commit', id);
}
