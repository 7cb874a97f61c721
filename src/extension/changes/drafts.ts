import { randomUUID } from 'node:crypto';
import { EventEmitter, type Disposable, type Event, type Memento } from 'vscode';
import type { TaskTarget } from './active-diff.ts';

/** A comment of the user's that was not sent yet. */
export interface Draft extends TaskTarget {
  id: string;
  file: string;
  /** From 1, of the file as it is in `commit`; null: in the worktree. */
  line: number;
  commit: string | null;
  text: string;
}

const KEY = 'auton.reviewDrafts';

/** The user's comments until they are sent; they outlive the window. */
export class Drafts implements Disposable {
  readonly #memento: Memento;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange: Event<void> = this.#changed.event;
  #all: readonly Draft[];

  constructor(memento: Memento) {
    this.#memento = memento;
    this.#all = memento.get<Draft[]>(KEY, []);
  }

  of(target: TaskTarget): Draft[] {
    return this.#all.filter(
      ({ folder, run, task }) => folder === target.folder && run === target.run && task === target.task,
    );
  }

  get(id: string): Draft | undefined {
    return this.#all.find((draft) => draft.id === id);
  }

  add(draft: Omit<Draft, 'id'>): Thenable<void> {
    return this.#save([...this.#all, { ...draft, id: randomUUID() }]);
  }

  edit(id: string, text: string): Thenable<void> {
    return this.#save(this.#all.map((draft) => (draft.id === id ? { ...draft, text } : draft)));
  }

  remove(ids: readonly string[]): Thenable<void> {
    return this.#save(this.#all.filter(({ id }) => !ids.includes(id)));
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #save(drafts: readonly Draft[]): Thenable<void> {
    this.#all = drafts;
    this.#changed.fire();
    return this.#memento.update(KEY, drafts);
  }
}
