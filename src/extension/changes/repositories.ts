import { Git } from '../../git/git.ts';
import { Repository } from './repository.ts';

/** Nothing is written, so nobody is named. */
const NOBODY = { name: 'AUTON', email: 'editor@auton.invalid' };

/** The git repositories of the runs that were looked at; all end together. */
export class Repositories {
  readonly #git = new Git({ identity: NOBODY, safeDirectories: [], offline: true });
  readonly #open = new Map<string, Promise<Repository>>();

  /** Rejects with a GoneError when there is no repository at `path`. */
  get(path: string): Promise<Repository> {
    const known = this.#open.get(path);
    if (known) return known;
    const opening = Repository.open(path, this.#git);
    this.#open.set(path, opening);
    opening.catch(() => this.#open.delete(path));
    return opening;
  }

  dispose(): void {
    for (const opening of this.#open.values())
      void opening.then(
        (repository) => repository.close(),
        () => undefined,
      );
    this.#open.clear();
    this.#git.close();
  }
}
