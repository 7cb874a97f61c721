import type { Disposable, WorkspaceFolder } from 'vscode';
import { Disposables } from './common/disposables.ts';
import { EngineLink, type EngineLinkOptions } from './engine/engine-link.ts';
import { RunStore } from './runs/run-store.ts';

/** A folder of the workspace with its runs and its engine. */
export class AutonFolder implements Disposable {
  readonly folder: WorkspaceFolder;
  readonly path: string;
  readonly runs: RunStore;
  readonly engine: EngineLink;
  readonly #disposables = new Disposables();

  constructor(folder: WorkspaceFolder, options: EngineLinkOptions) {
    this.folder = folder;
    this.path = folder.uri.fsPath;
    this.runs = this.#disposables.add(new RunStore(this.path, () => this.engine.attach()));
    this.engine = this.#disposables.add(new EngineLink(this.path, this.runs, options));
  }

  get name(): string {
    return this.folder.name;
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}
