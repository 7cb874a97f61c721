import { EventEmitter, workspace, type Disposable, type Event, type WorkspaceFolder } from 'vscode';
import type { LiveOutput } from '../protocol/control.ts';
import { Disposables } from './common/disposables.ts';
import type { EngineLinkOptions } from './engine/engine-link.ts';
import { AutonFolder } from './folder.ts';
import type { Happening, StoreChange } from './runs/run-store.ts';

export type FoldersChange = { kind: 'folders' } | { kind: 'engine'; folder: AutonFolder } | FolderStoreChange;
export type FolderStoreChange = StoreChange & { folder: AutonFolder };

/** The folders of the workspace that have files on a disk, and whatever changes in them, as one event. */
export class Folders implements Disposable {
  readonly #options: EngineLinkOptions;
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new EventEmitter<FoldersChange>());
  readonly onDidChange: Event<FoldersChange> = this.#changed.event;
  readonly #happened = this.#disposables.add(new EventEmitter<Happening & { folder: AutonFolder }>());
  /** Each event as an engine tells it; nothing of the past. */
  readonly onDidHappen = this.#happened.event;
  readonly #output = this.#disposables.add(new EventEmitter<{ folder: AutonFolder; output: LiveOutput }>());
  /** What models write and kernels print, as it comes. */
  readonly onDidOutput = this.#output.event;
  #folders: AutonFolder[] = [];
  #lastUsed: string | null = null;

  constructor(options: EngineLinkOptions) {
    this.#options = options;
    this.#disposables.add(workspace.onDidChangeWorkspaceFolders(() => this.#follow()));
    this.#disposables.add(
      workspace.onDidGrantWorkspaceTrust(() => {
        for (const folder of this.#folders) void folder.engine.attach();
      }),
    );
    this.#follow();
  }

  get all(): readonly AutonFolder[] {
    return this.#folders;
  }

  get(path: string): AutonFolder | undefined {
    return this.#folders.find((folder) => folder.path === path);
  }

  /** The one that status bar and buttons speak of: where an engine works, else where the user last was, else the first. */
  get current(): AutonFolder | undefined {
    return (
      this.#folders.find(({ runs }) => runs.live) ??
      this.#folders.find(({ path }) => path === this.#lastUsed) ??
      this.#folders.find(({ runs }) => runs.newest) ??
      this.#folders[0]
    );
  }

  /** The user did something in this folder. */
  use(folder: AutonFolder): void {
    this.#lastUsed = folder.path;
  }

  dispose(): void {
    this.#disposables.dispose();
    for (const folder of this.#folders.splice(0)) folder.dispose();
  }

  #follow(): void {
    const present = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    const gone = this.#folders.filter(({ path }) => !present.some(({ uri }) => uri.fsPath === path));
    for (const folder of gone) folder.dispose();
    this.#folders = present.map(
      (folder) => this.#folders.find(({ path }) => path === folder.uri.fsPath) ?? this.#open(folder),
    );
    this.#changed.fire({ kind: 'folders' });
  }

  #open(workspaceFolder: WorkspaceFolder): AutonFolder {
    const folder = new AutonFolder(workspaceFolder, this.#options);
    folder.runs.onDidChange((change) => this.#changed.fire({ ...change, folder }));
    folder.runs.onDidHappen((happening) => this.#happened.fire({ ...happening, folder }));
    folder.engine.onDidOutput((output) => this.#output.fire({ folder, output }));
    folder.engine.onDidChange(() => this.#changed.fire({ kind: 'engine', folder }));
    void folder.runs.refresh();
    return folder;
  }
}
