import { measureFolder, removeStrayGit, type WritableFolder } from './disk.ts';

/** A worktree may take this many times the largest file a command may write. */
const FILES = 2;

/**
 * Keeps writable folders below a size: asked while a command runs and after it. The size is polled, so a command can
 * pass the limit by what it writes in one interval; what is too big afterwards can only shrink.
 */
export class DiskGuard {
  readonly #maxFileMb: number;
  readonly #tooBig = new Set<string>();

  constructor(maxFileMb: number) {
    this.#maxFileMb = maxFileMb;
  }

  /** Bytes a command's files may have: none while one of its folders is too big, so that it can only remove. */
  maxFileBytes(folders: WritableFolder[]): number {
    return folders.some(({ path }) => this.#tooBig.has(path)) ? 0 : this.#maxFileMb * 2 ** 20;
  }

  /** Why a running command must end, if it must. */
  async check(folders: WritableFolder[]): Promise<string | undefined> {
    for (const folder of folders) {
      if (this.#tooBig.has(folder.path)) continue;
      const { bytes } = await measureFolder(folder);
      if (bytes > this.#limit()) return `it wrote more than ${FILES * this.#maxFileMb} MB`;
    }
    return undefined;
  }

  /** To be called when nothing of a command runs any more; what it did about the folders. */
  async settle(folders: WritableFolder[]): Promise<string[]> {
    const notes: string[] = [];
    for (const folder of folders) {
      const use = await measureFolder(folder);
      notes.push(...(await removeStrayGit(use, folder)));
      if (use.bytes <= this.#limit()) {
        this.#tooBig.delete(folder.path);
        continue;
      }
      this.#tooBig.add(folder.path);
      notes.push(
        `The folder holds ${use.bytes === Infinity ? 'folders nested without end' : `${Math.ceil(use.bytes / 2 ** 20)} MB`}, allowed are ${FILES * this.#maxFileMb} MB: ` +
          'until files are removed, commands cannot write to files.',
      );
    }
    return notes;
  }

  #limit(): number {
    return FILES * this.#maxFileMb * 2 ** 20;
  }
}
