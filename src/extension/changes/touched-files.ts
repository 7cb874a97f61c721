import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import {
  EventEmitter,
  l10n,
  Uri,
  window,
  workspace,
  type Disposable,
  type FileDecoration,
  type FileDecorationProvider,
} from 'vscode';
import type { TaskView } from '../../protocol/run-state.ts';
import { Disposables } from '../common/disposables.ts';
import { setting } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { filesOf, openAttempt, wholeBranch, type Comparison } from './comparison.ts';
import { explainGone } from './explain.ts';

/** Agents write often; their worktrees are looked at no more often than that. */
const REFRESH_MS = 2000;

/** Who changes a file now. */
interface Touch {
  agent: string;
  task: string;
}

interface TaskFiles {
  /** The same as long as the files must be. */
  state: string;
  paths: string[];
}

/** Marks the files in the explorer that the agents of an active run have changed and that are not merged yet. */
export class TouchedFiles implements FileDecorationProvider, Disposable {
  readonly #ctx: Ctx;
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new EventEmitter<Uri[]>());
  readonly onDidChangeFileDecorations = this.#changed.event;
  readonly #known = new WeakMap<RunRecord, Map<string, TaskFiles>>();
  /** By path, of the user's checkout and of the worktrees. */
  #touched = new Map<string, Touch[]>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #again = false;

  constructor(ctx: Ctx) {
    this.#ctx = ctx;
    const add = <T extends Disposable>(item: T) => this.#disposables.add(item);
    add(window.registerFileDecorationProvider(this));
    add(ctx.folders.onDidChange(() => this.#schedule()));
    add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('auton.changes.decorations')) this.#schedule();
      }),
    );
  }

  provideFileDecoration({ scheme, fsPath }: Uri): FileDecoration | undefined {
    const touches = scheme === 'file' ? this.#touched.get(fsPath) : undefined;
    if (!touches) return undefined;
    const lines = touches.map(({ agent, task }) => l10n.t('{0} is changing this for {1}', agent, task));
    return {
      badge: touches.length > 1 ? `✎${touches.length}` : '✎',
      tooltip: lines.join('\n'),
      propagate: true,
    };
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  #schedule(): void {
    const idle = this.#touched.size === 0 && !this.#ctx.folders.all.some(({ runs }) => runs.live);
    if (!idle) this.#timer ??= setTimeout(() => void this.#look(), REFRESH_MS);
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#again = this.#looking;
    if (this.#looking) return;
    this.#looking = true;
    const touched = new Map<string, Touch[]>();
    try {
      if (setting('changes.decorations')) {
        for (const { runs, path } of this.#ctx.folders.all)
          if (runs.live) await this.#collect(path, runs.live, touched);
      }
      this.#show(touched);
    } catch (error) {
      this.#ctx.log.warn(explainGone(error));
    } finally {
      this.#looking = false;
      if (this.#again) this.#schedule();
    }
  }

  async #collect(folder: string, record: RunRecord, touched: Map<string, Touch[]>): Promise<void> {
    const known = this.#known.get(record) ?? new Map<string, TaskFiles>();
    this.#known.set(record, known);
    // The explorer shows the folder as it was opened; the engine has followed links.
    const real = await realpath(folder);
    const shown = (file: string) => (file.startsWith(real + sep) ? folder + file.slice(real.length) : file);
    for (const [task, view] of record.state.tasks) {
      if (!isActive(view)) continue;
      const { agent, worktree } = view.attempts.at(-1)!;
      const target = { folder, run: record.id, task };
      const paths = await this.#paths(record, view, target, known);
      for (const path of paths) {
        for (const top of [record.state.workspace, worktree]) {
          const file = shown(join(top, path));
          touched.set(file, [...(touched.get(file) ?? []), { agent, task }]);
        }
      }
    }
  }

  async #paths(
    record: RunRecord,
    task: TaskView,
    target: Comparison['target'],
    known: Map<string, TaskFiles>,
  ): Promise<string[]> {
    const { length } = task.attempts;
    const state = openAttempt(task) ? `${length} ${record.state.lastSeq}` : `${length} ended`;
    const before = known.get(target.task);
    if (before?.state === state) return before.paths;
    const repository = await this.#ctx.changes.repositories.get(record.state.workspace);
    try {
      const files = await filesOf(await wholeBranch(repository, record.state, task, target, true));
      const paths = files.filter(({ status }) => status !== 'D').map(({ path }) => path);
      known.set(target.task, { state, paths });
      return paths;
    } catch (error) {
      // Between two looks the attempt may have ended, and its worktree with it.
      this.#ctx.log.debug(explainGone(error));
      return before?.paths ?? [];
    }
  }

  #show(touched: Map<string, Touch[]>): void {
    const before = this.#touched;
    this.#touched = touched;
    const same = (file: string) => JSON.stringify(before.get(file)) === JSON.stringify(touched.get(file));
    const changed = [...new Set([...before.keys(), ...touched.keys()])].filter((file) => !same(file));
    if (changed.length > 0) this.#changed.fire(changed.map((file) => Uri.file(file)));
  }
}

/** An agent works on it, or what it did waits to be merged. */
function isActive({ state, attempts }: TaskView): boolean {
  const active = state === 'running' || state === 'validating' || state === 'review' || state === 'queued';
  return active && attempts.length > 0;
}
