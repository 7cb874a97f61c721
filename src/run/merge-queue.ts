import { MovedError } from '../git/workspace.ts';
import type { Evidence } from '../protocol/evidence.ts';
import { taskView, type RunContext } from './context.ts';

export type MergeOutcome = 'merged' | 'conflict' | 'rejected';

interface Waiting {
  priority: number;
  start: () => void;
}

/**
 * The one writer of the main line. Tasks are merged one at a time, of those that wait the one that most others wait
 * for: merge in a worktree of its own, pass every gate there, then move the branch by compare-and-swap.
 */
export class MergeQueue {
  #busy = false;
  readonly #waiting: Waiting[] = [];

  /**
   * Merges a task when its turn comes; larger priorities go first, then those that came first. Rejects with the
   * signal's reason, or a UserError about the workspace.
   */
  async enqueue(
    context: RunContext,
    id: string,
    options: { priority: number; signal: AbortSignal },
  ): Promise<MergeOutcome> {
    await this.#turn(options);
    try {
      options.signal.throwIfAborted();
      return await merge(context, id, options.signal);
    } finally {
      this.#next();
    }
  }

  /** Who waits leaves the queue when its signal aborts. */
  async #turn({ priority, signal }: { priority: number; signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    if (!this.#busy) {
      this.#busy = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason as Error);
      };
      const start = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiting: Waiting = { priority, start };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #next(): void {
    if (this.#waiting.length === 0) {
      this.#busy = false;
      return;
    }
    const most = Math.max(...this.#waiting.map(({ priority }) => priority));
    const index = this.#waiting.findIndex(({ priority }) => priority === most);
    this.#waiting.splice(index, 1)[0]!.start();
  }
}

async function merge(context: RunContext, id: string, signal: AbortSignal): Promise<MergeOutcome> {
  if (await finishInterrupted(context, id)) return 'merged';
  for (;;) {
    const outcome = await mergeOnce(context, id, signal);
    if (outcome !== 'moved') return outcome;
  }
}

/** After a crash: a merge commit that had passed every gate is taken up again, or was already moved to. */
async function finishInterrupted(context: RunContext, id: string): Promise<boolean> {
  const { merge, mergedAs } = taskView(context, id);
  if (mergedAs !== null) return true;
  if (!merge?.validated) return false;
  if (!(await context.workspace.isMerged(merge.validated))) {
    try {
      await context.workspace.fastForward(merge.base, merge.validated);
    } catch (error) {
      if (error instanceof MovedError) return false; // the branch went elsewhere: merge anew
      throw error;
    }
  }
  await context.emit({ type: 'merge.finished', task: id, sha: merge.validated });
  return true;
}

async function mergeOnce(
  context: RunContext,
  id: string,
  signal: AbortSignal,
): Promise<MergeOutcome | 'moved'> {
  const { workspace } = context;
  const task = taskView(context, id);
  const head = task.attempts.findLast((attempt) => attempt.head !== null)!.head!;
  const base = await workspace.head();
  await context.emit({ type: 'merge.started', task: id, base, head });
  const merged = await workspace.prepareMerge(
    base,
    head,
    `Merge ${id}: ${task.spec.title}\n\nAuton-Task: ${id}`,
  );
  if (merged.kind === 'conflict') {
    await context.emit({ type: 'merge.conflicted', task: id, files: merged.files });
    return 'conflict';
  }
  const specs = [...context.state.merges.map((m) => taskView(context, m.task).spec), task.spec];
  const record = (evidence: Evidence) => context.emit({ type: 'evidence.recorded', task: id, evidence });
  const passed = await context.gates.merged({ path: merged.path, tree: merged.tree, specs, signal }, record);
  if (!passed) return 'rejected';
  signal.throwIfAborted();
  await context.emit({ type: 'merge.validated', task: id, base, sha: merged.sha });
  try {
    await workspace.fastForward(base, merged.sha);
  } catch (error) {
    if (error instanceof MovedError) return 'moved';
    throw error;
  }
  await context.emit({ type: 'merge.finished', task: id, sha: merged.sha });
  return 'merged';
}
