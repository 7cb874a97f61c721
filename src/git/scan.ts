import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { isIgnored, readIgnoreFile, type IgnoreFile } from './ignore.ts';
import { isUntouched, statOf, type Index, type IndexEntry } from './index-file.ts';

/** A file as it is in the folder now. */
export interface FoundFile extends IndexEntry {
  content: Buffer;
}

/** How a folder differs from its index. */
export interface Differences {
  /** Tracked files with another content or mode. */
  changed: Map<string, FoundFile>;
  deleted: string[];
  /** Files that are not tracked and not ignored. */
  added: Map<string, FoundFile>;
  /** Tracked files that only looked changed. */
  same: Map<string, FoundFile>;
  /** Whatever is not tracked, ignored or not; asked for by `everything`. */
  extra: string[];
}

export interface ScanOptions {
  /** Names a file's content. */
  idOf: (content: Buffer) => string;
  /** Ignore patterns from outside of the folder; or that nothing may be there but what is tracked. */
  ignore: IgnoreFile[] | 'everything';
}

/** What is larger is left to git, which does not hold up everybody else meanwhile. */
const MAX_FILES = 3000;
const MAX_BYTES = 4 * 1024 * 1024;
/** Names that git refuses or treats in a way of their own, on some systems at least. */
const UNUSUAL =
  /^\.git(?!ignore$|keep$)|^git~|[\\:\ufffd\u200b-\u200f\u202a-\u202e\u206a-\u206f\ufeff]|[ .]$/i;

/** Compares a folder with its index without a git process; null where only git can tell. */
export function scan(folder: string, index: Index, options: ScanOptions): Differences | null {
  return index.entries.size > MAX_FILES ? null : new Scanner(folder, index, options).result();
}

/** Only whether the tracked files are as the index has them. */
export function isClean(folder: string, index: Index, idOf: ScanOptions['idOf']): boolean {
  if (index.entries.size > MAX_FILES) return false;
  return new Scanner(folder, index, { idOf, ignore: [] }).isClean();
}

/** Neither a submodule nor what decides how other files are checked out. */
export function isOrdinary(path: string, mode: string): boolean {
  return mode !== '160000' && !/(^|\/)\.gitattributes$/.test(path);
}

class Scanner {
  readonly #folder: string;
  readonly #index: Index;
  readonly #options: ScanOptions;
  readonly #exact: boolean;
  readonly #folders = new Set<string>();
  readonly #seen = new Set<string>();
  #bytes = 0;
  readonly #found: Differences = {
    changed: new Map(),
    deleted: [],
    added: new Map(),
    same: new Map(),
    extra: [],
  };

  constructor(folder: string, index: Index, options: ScanOptions) {
    this.#folder = folder;
    this.#index = index;
    this.#options = options;
    this.#exact = options.ignore === 'everything';
  }

  result(): Differences | null {
    for (const [path, { mode }] of this.#index.entries) {
      if (!isOrdinary(path, mode)) return null;
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
        if (this.#folders.has(path.slice(0, at))) break;
        this.#folders.add(path.slice(0, at));
      }
    }
    const outside = this.#options.ignore === 'everything' ? [] : this.#options.ignore;
    if (!this.#walk('', outside, false)) return null;
    for (const path of this.#index.entries.keys()) if (!this.#seen.has(path)) this.#found.deleted.push(path);
    return this.#found;
  }

  isClean(): boolean {
    for (const [path, entry] of this.#index.entries) {
      if (!isOrdinary(path, entry.mode) || !this.#compare(path, entry)) return false;
      if (this.#found.changed.size > 0) return false;
    }
    return true;
  }

  /** `prefix` is a folder with a slash at the end; `ignored`: one that is not to be looked into for new files. */
  #walk(prefix: string, outer: readonly IgnoreFile[], ignored: boolean): boolean {
    const entries = readdirSync(join(this.#folder, prefix), { withFileTypes: true });
    const files = this.#exact ? outer : this.#withOwn(outer, prefix, entries);
    return files !== null && entries.every((entry) => this.#visit(entry, prefix, files, ignored));
  }

  #withOwn(outer: readonly IgnoreFile[], prefix: string, entries: Dirent[]): readonly IgnoreFile[] | null {
    const own = entries.find(({ name }) => name === '.gitignore');
    if (!own) return outer;
    if (!own.isFile()) return null;
    const rules = readIgnoreFile(readFileSync(join(this.#folder, prefix, '.gitignore'), 'utf8'), prefix);
    return rules && [...outer, rules];
  }

  #visit(entry: Dirent, prefix: string, files: readonly IgnoreFile[], ignored: boolean): boolean {
    const path = prefix + entry.name;
    if (path === '.git') return true;
    const tracked = this.#index.entries.get(path);
    const isFolder = entry.isDirectory();
    if (isFolder && this.#folders.has(path)) {
      return this.#walk(`${path}/`, files, ignored || this.#isIgnored(path, true, files));
    }
    if (tracked && (entry.isFile() || entry.isSymbolicLink())) {
      this.#seen.add(path);
      return this.#compare(path, tracked);
    }
    if (this.#exact) {
      this.#found.extra.push(path);
      return !path.includes('\ufffd');
    }
    if (UNUSUAL.test(entry.name)) return false;
    if (ignored || this.#isIgnored(path, isFolder, files)) return true;
    if (isFolder) return this.#walk(`${path}/`, files, false);
    if (!entry.isFile() && !entry.isSymbolicLink()) return false;
    const found = this.#read(path);
    if (found) this.#found.added.set(path, found);
    return found !== null;
  }

  #isIgnored(path: string, isFolder: boolean, files: readonly IgnoreFile[]): boolean {
    return files.length > 0 && isIgnored(path, isFolder, files);
  }

  #compare(path: string, tracked: IndexEntry): boolean {
    const stat = lstatSync(join(this.#folder, path), { bigint: true, throwIfNoEntry: false });
    if (!stat || stat.isDirectory()) return false;
    // What several names share, or nobody may write, is not what a checkout makes.
    const usual =
      !this.#exact || (stat.nlink === 1n && (stat.mode & 0o7600n) === 0o600n) || stat.isSymbolicLink();
    if (usual && isUntouched(tracked, statOf(stat, modeOf(stat)), this.#index)) return true;
    const found = this.#read(path);
    if (!found) return false;
    const same = usual && found.id === tracked.id && found.mode === tracked.mode;
    this.#found[same ? 'same' : 'changed'].set(path, found);
    return true;
  }

  #read(path: string): FoundFile | null {
    const file = join(this.#folder, path);
    const stat = lstatSync(file, { bigint: true });
    this.#bytes += Number(stat.size);
    if (this.#bytes > MAX_BYTES) return null;
    const mode = modeOf(stat);
    const content = mode === '120000' ? readlinkSync(file, { encoding: 'buffer' }) : readFileSync(file);
    return { mode, id: this.#options.idOf(content), stat: statOf(stat, mode), content };
  }
}

function modeOf(stat: { mode: bigint; isSymbolicLink(): boolean }): string {
  if (stat.isSymbolicLink()) return '120000';
  return (stat.mode & 0o100n) === 0n ? '100644' : '100755';
}
