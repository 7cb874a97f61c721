import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Workspace, type WorkspaceOptions, type Worktree } from '../../../src/git/workspace.ts';

/** A temporary folder with a workspace at `kernel` and the engine's files in `state`. */
export class Scene {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'auton git ü ')));
  readonly root = join(this.folder, 'kernel');
  readonly state = join(this.folder, 'state');
  readonly #opened: Workspace[] = [];

  async open(options: Partial<WorkspaceOptions> = {}): Promise<Workspace> {
    const workspace = await Workspace.open({
      root: this.root,
      stateFolder: this.state,
      branchPrefix: 'agent',
      template: null,
      run: 'run-1',
      ...options,
    });
    this.#opened.push(workspace);
    return workspace;
  }

  /** A repository as a user has it: made by hand, `main` checked out. */
  userRepository(files: Record<string, string> = { 'a.c': 'int a;\n' }): void {
    mkdirSync(this.root, { recursive: true });
    this.git('init', '-q', '-b', 'main');
    for (const [path, text] of Object.entries(files)) this.write(join(this.root, path), text);
    this.git('add', '-A');
    this.git('commit', '-q', '-m', 'Start');
  }

  write(path: string, text: string | Buffer): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** The user's own git, at the root. */
  git(...args: string[]): string {
    return this.gitAt(this.root, ...args);
  }

  gitAt(folder: string, ...args: string[]): string {
    return execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        GIT_AUTHOR_NAME: 'User',
        GIT_AUTHOR_EMAIL: 'user@example.org',
        GIT_COMMITTER_NAME: 'User',
        GIT_COMMITTER_EMAIL: 'user@example.org',
      },
    }).trimEnd();
  }

  /** A worktree with the given files committed; returns it and the commit. */
  async work(
    workspace: Workspace,
    task: string,
    files: Record<string, string>,
  ): Promise<{ worktree: Worktree; head: string }> {
    const worktree = await workspace.addWorktree(task, 'developer-1');
    for (const [path, text] of Object.entries(files)) this.write(join(worktree.path, path), text);
    const head = await workspace.commit(worktree, `Do ${task}`, 'developer-1');
    if (head === null) throw new Error(`${task} changed nothing`);
    return { worktree, head };
  }

  /** Takes a task through the merge queue's mechanics. */
  async land(workspace: Workspace, task: string, files: Record<string, string>): Promise<string> {
    const { head } = await this.work(workspace, task, files);
    const base = await workspace.head();
    const merge = await workspace.prepareMerge(base, head, `Merge ${task}`);
    if (merge.kind !== 'merged') throw new Error(`${task} conflicts in ${merge.files.join()}`);
    await workspace.fastForward(base, merge.sha);
    return merge.sha;
  }

  remove(): void {
    for (const workspace of this.#opened) workspace.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs `body` with variables of this process's environment replaced; undefined removes one. */
export async function withEnv<T>(
  variables: Record<string, string | undefined>,
  body: () => Promise<T>,
): Promise<T> {
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  const assign = (values: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  assign(variables);
  try {
    return await body();
  } finally {
    assign(before);
  }
}
