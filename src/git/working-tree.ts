import { lstatSync, mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../protocol/errors.ts';
import { IndexLock, readIndex, statOf, type Index, type IndexEntry } from './index-file.ts';
import type { HashName, ObjectWriter } from './loose.ts';
import type { ContentReader } from './contents.ts';
import type { Plain } from './plain.ts';
import { isClean, isOrdinary, scan, type Differences } from './scan.ts';
import type { TreeEntry, Trees } from './trees.ts';

/** A folder and the index of what is checked out in it. */
export interface Files {
  path: string;
  index: string;
}

/** More files than this are written faster by git, which does not hold up everybody else meanwhile. */
const MAX_WRITES = 64;
const NO_INDEX: Index = { entries: new Map(), writtenAt: 0n };
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** A refresh of a checkout that nothing stands against. */
export interface Refresh {
  /** Makes the files and the index the new ones. */
  apply(): void;
  /** Gives the index back as it was; to be called when it was not applied, or not wholly. */
  cancel(): void;
}

interface Parts {
  trees: Trees;
  objects: ContentReader;
  writer: ObjectWriter;
  plain: Plain;
  hash: HashName;
}

/**
 * Reads and writes checkouts without git processes, each of which takes longer than the few files that a task changes.
 * What is out of the ordinary is git's: `null` or false says that nothing was decided here.
 */
export class WorkingTrees {
  readonly #parts: Parts;
  readonly #idBytes: number;
  readonly #idOf: (content: Buffer) => string;
  /** Contents of blobs; the same ones go into several checkouts. */
  readonly #blobs = new Map<string, Buffer>();
  #blobBytes = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#idBytes = parts.hash === 'sha256' ? 32 : 20;
    this.#idOf = (content) => parts.writer.idOf('blob', content);
  }

  /** How a checkout of `tree` differs from it. */
  async differences(files: Files, tree: string): Promise<(Differences & Checked) | null> {
    const ignore = await this.#parts.plain.ignoreFiles();
    const expected = ignore && (await this.#parts.trees.files(tree));
    const checkedAt = Date.now();
    return attempt(() => {
      const index = ignore && readIndex(files.index, this.#idBytes);
      if (!expected || !index || !holds(index, expected)) return null;
      const found = scan(files.path, index, { idOf: this.#idOf, ignore });
      return found && { ...found, entries: index.entries, checkedAt };
    });
  }

  /** Stores the differences' files and the tree that they make of `tree`. */
  async store(tree: string, { changed, added, deleted }: Differences): Promise<string | null> {
    const files = new Map<string, TreeEntry | null>(deleted.map((path) => [path, null]));
    for (const [path, file] of [...changed, ...added]) {
      this.#parts.writer.write('blob', file.content);
      this.#remember(file.id, file.content);
      files.set(path, { mode: file.mode, id: file.id });
    }
    return this.#parts.trees.write(tree, files);
  }

  /** Makes the index say what was found. */
  record(
    files: Files,
    { entries, changed, added, same, deleted, checkedAt }: Differences & Checked,
  ): boolean {
    const next = new Map(entries);
    for (const path of deleted) next.delete(path);
    for (const [path, file] of [...changed, ...added, ...same]) next.set(path, file);
    const lock = IndexLock.take(files.index, { hash: this.#parts.hash, isOwn: true });
    lock?.write(next, checkedAt);
    return lock !== null;
  }

  /**
   * Makes a folder exactly what a tree says, and nothing else be there; the index comes last. `empty`: there is
   * nothing in it yet and no index. False where git has to do it, which can begin with what is there then.
   */
  async become(files: Files, tree: string, { empty = false } = {}): Promise<boolean> {
    const { plain, trees } = this.#parts;
    const target = (await plain.ignoreFiles()) && (await trees.files(tree));
    if (!target || ![...target].every(([path, { mode }]) => isOrdinary(path, mode))) return false;
    const checkedAt = Date.now();
    const now = attempt(() => {
      const index = empty ? NO_INDEX : readIndex(files.index, this.#idBytes);
      const found = index && scan(files.path, index, { idOf: this.#idOf, ignore: 'everything' });
      return found && { index, ...found };
    });
    if (!now) return false;
    const kept = new Map([...now.index.entries].filter(([path]) => !now.changed.has(path)));
    for (const path of now.deleted) kept.delete(path);
    for (const [path, file] of now.same) kept.set(path, file);
    const there = new Set([...kept.keys(), ...now.changed.keys()]);
    const wanted = [...target].filter(([path, entry]) => !isSame(kept.get(path), entry));
    if (wanted.length > MAX_WRITES) return false;
    const contents = await Promise.all(wanted.map(([, { id }]) => this.#content(id)));
    const lock = attempt(() => IndexLock.take(files.index, { hash: this.#parts.hash, isOwn: true }));
    if (!lock) return false;
    try {
      await all(now.extra.map((path) => rm(join(files.path, path), { recursive: true, force: true })));
      const replaced = new Set(wanted.map(([path]) => path));
      const gone = [...there, ...now.deleted].filter((path) => replaced.has(path) || !target.has(path));
      for (const path of gone) remove(files.path, path);
      for (const path of gone) kept.delete(path);
      await makeFolders(files.path, [...replaced]);
      const placed = wanted.map(async ([path, entry], at) => {
        kept.set(path, await placeApart(join(files.path, path), entry, contents[at]!));
      });
      await all(placed);
      lock.write(kept, checkedAt);
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    } finally {
      lock.release();
    }
  }

  /**
   * Prepares to take a checkout from one tree to another as long as it has nothing of anybody else: no change, and no
   * file where a new one is to be. Until it is applied, nothing else may be awaited.
   */
  async refresh(files: Files, from: string, to: string, temporary: string): Promise<Refresh | null> {
    const { plain, trees } = this.#parts;
    if (!(await plain.ignoreFiles())) return null;
    const [before, changes] = [await trees.files(from), await trees.changes(from, to)];
    if (!before || !changes || changes.length > MAX_WRITES) return null;
    if (changes.some(({ path, after }) => after && !isOrdinary(path, after.mode))) return null;
    const contents = await Promise.all(
      changes.map(async ({ after }) => (after ? this.#content(after.id) : null)),
    );
    const checkedAt = Date.now();
    const index = attempt(() => {
      const found = readIndex(files.index, this.#idBytes);
      const clean = found && holds(found, before) && isClean(files.path, found, this.#idOf);
      return clean && changes.every((change) => change.before ?? isFree(files.path, change.path))
        ? found
        : null;
    });
    const lock = index && IndexLock.take(files.index, { hash: this.#parts.hash, isOwn: false });
    if (!lock) return null;
    const apply = () => {
      const entries = new Map(index.entries);
      for (const { path, after } of changes) {
        if (after) continue;
        remove(files.path, path);
        entries.delete(path);
      }
      for (const [at, { path, after }] of changes.entries()) {
        if (!after) continue;
        // Whole or not at all: who finds it after a crash sees the old or the new file.
        const file = join(files.path, path);
        rmSync(temporary, { force: true });
        place(temporary, after, contents[at]!);
        mkdirSync(dirname(file), { recursive: true });
        renameSync(temporary, file);
        entries.set(path, { ...after, stat: statOf(lstatSync(file, { bigint: true }), after.mode) });
      }
      lock.write(entries, checkedAt);
    };
    return { apply, cancel: () => lock.release() };
  }

  async #content(id: string): Promise<Buffer> {
    const known = this.#blobs.get(id);
    if (known) return known;
    const found = await this.#parts.objects.read(id);
    if (!found) throw new Error(`git has no object ${id}`);
    this.#remember(id, found.content);
    return found.content;
  }

  #remember(id: string, content: Buffer): void {
    if (this.#blobs.has(id) || content.length > MAX_KEPT_BYTES / 16) return;
    this.#blobs.set(id, content);
    this.#blobBytes += content.length;
    for (const [oldest, { length }] of this.#blobs) {
      if (this.#blobBytes <= MAX_KEPT_BYTES) break;
      this.#blobs.delete(oldest);
      this.#blobBytes -= length;
    }
  }
}

interface Checked {
  entries: Index['entries'];
  /** When the files began to be looked at, as Date.now() has it. */
  checkedAt: number;
}

/** The index has exactly the tree's files. */
function holds({ entries }: Index, files: ReadonlyMap<string, TreeEntry>): boolean {
  if (entries.size !== files.size) return false;
  for (const [path, entry] of files) if (!isSame(entries.get(path), entry)) return false;
  return true;
}

function isSame(a: TreeEntry | undefined, b: TreeEntry): boolean {
  return a?.id === b.id && a.mode === b.mode;
}

/** Nothing is at the path, nor anything but folders on the way to it. */
function isFree(folder: string, path: string): boolean {
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const stat = lstatSync(join(folder, path.slice(0, at)), { throwIfNoEntry: false });
    if (!stat) return true;
    if (!stat.isDirectory()) return false;
  }
  return lstatSync(join(folder, path), { throwIfNoEntry: false }) === undefined;
}

/** Writes a new file as a checkout makes it. */
function place(file: string, { mode }: TreeEntry, content: Buffer): void {
  if (mode === '120000') symlinkSync(content, file);
  else writeFileSync(file, content, { flag: 'wx', mode: mode === '100755' ? 0o777 : 0o666 });
}

/** The same in the threads of the system's calls: some file systems take most of a millisecond for a new file. */
async function placeApart(file: string, { mode, id }: TreeEntry, content: Buffer): Promise<IndexEntry> {
  if (mode === '120000') await symlink(content, file);
  else await writeFile(file, content, { flag: 'wx', mode: mode === '100755' ? 0o777 : 0o666 });
  return { mode, id, stat: statOf(await lstat(file, { bigint: true }), mode) };
}

async function makeFolders(folder: string, paths: string[]): Promise<void> {
  const names = new Set(paths.map((path) => dirname(path)).filter((name) => name !== '.'));
  await all([...names].map((name) => mkdir(join(folder, name), { recursive: true })));
}

/** Removes a file and the folders that are empty without it. */
function remove(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true });
  try {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      rmdirSync(join(folder, path.slice(0, at)));
    }
  } catch (error) {
    const expected = ['ENOTEMPTY', 'ENOENT', 'ENOTDIR', 'EEXIST'].some((code) => hasCode(error, code));
    if (!expected) throw error;
  }
}

/** What the file system refuses is null too: git will do it, or say why it cannot. */
function attempt<T>(work: () => T | null): T | null {
  try {
    return work();
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** Waits for all of it, also when some of it fails: nothing may still be writing when git takes over. */
async function all(work: Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
