import { byBytes } from './index-file.ts';
import type { ObjectWriter } from './loose.ts';
import type { ContentReader } from './contents.ts';

/** What a tree has at a name. */
export interface TreeEntry {
  /** In octal, as in a tree: 100644, 100755, 120000, 160000, or 40000 for a tree. */
  mode: string;
  id: string;
}

/** A path that differs between two trees; null where there is no file. */
export interface TreeChange {
  path: string;
  before: TreeEntry | null;
  after: TreeEntry | null;
}

type Tree = ReadonlyMap<string, TreeEntry>;

const TREE = '40000';
const EMPTY: Tree = new Map();
/** Trees that are kept in memory; a run touches the same ones again and again. */
const KEPT = 4096;

/**
 * Reads, compares, merges and writes tree objects without a git process for each step. Names are text: a tree with
 * others is git's business, and `null` says so.
 */
export class Trees {
  readonly #objects: ContentReader;
  readonly #writer: ObjectWriter;
  readonly #known = new Map<string, Tree | null>();

  constructor(objects: ContentReader, writer: ObjectWriter) {
    this.#objects = objects;
    this.#writer = writer;
  }

  /** Every file of a tree by its path; null where only git can tell. */
  async files(id: string): Promise<Map<string, TreeEntry> | null> {
    const files = new Map<string, TreeEntry>();
    const walk = async (tree: string, prefix: string): Promise<boolean> => {
      const entries = await this.#read(tree);
      if (!entries) return false;
      for (const [name, entry] of entries) {
        if (entry.mode !== TREE) files.set(prefix + name, entry);
        else if (!(await walk(entry.id, `${prefix}${name}/`))) return false;
      }
      return true;
    };
    return (await walk(id, '')) ? files : null;
  }

  /** The files in which two trees differ; null where only git can tell. */
  async changes(before: string, after: string): Promise<TreeChange[] | null> {
    const changes: TreeChange[] = [];
    const walk = async (old: string | null, now: string | null, prefix: string): Promise<boolean> => {
      const was = old === null ? EMPTY : await this.#read(old);
      const is = now === null ? EMPTY : await this.#read(now);
      if (!was || !is) return false;
      for (const name of new Set([...was.keys(), ...is.keys()])) {
        const [a, b] = [was.get(name) ?? null, is.get(name) ?? null];
        if (same(a, b)) continue;
        const [fileA, fileB] = [a?.mode === TREE ? null : a, b?.mode === TREE ? null : b];
        if (fileA || fileB) changes.push({ path: prefix + name, before: fileA, after: fileB });
        const [treeA, treeB] = [a?.mode === TREE ? a.id : null, b?.mode === TREE ? b.id : null];
        if ((treeA ?? treeB) !== null && !(await walk(treeA, treeB, `${prefix}${name}/`))) return false;
      }
      return true;
    };
    return (await walk(before, after, '')) ? changes : null;
  }

  /** Stores the tree that `base` becomes with other files at some paths; null removes one. */
  async write(base: string | null, files: ReadonlyMap<string, TreeEntry | null>): Promise<string | null> {
    const old = base === null ? EMPTY : await this.#read(base);
    if (!old) return null;
    const direct = new Map<string, TreeEntry | null>();
    const below = new Map<string, Map<string, TreeEntry | null>>();
    for (const [path, entry] of files) {
      const slash = path.indexOf('/');
      if (slash < 0) direct.set(path, entry);
      else {
        const name = path.slice(0, slash);
        if (!below.has(name)) below.set(name, new Map());
        below.get(name)!.set(path.slice(slash + 1), entry);
      }
    }
    const next = new Map(old);
    for (const [name, entry] of direct) {
      // A folder that took the place of a file stays; what is below says what is in it.
      if (entry === null && next.get(name)?.mode !== TREE) next.delete(name);
    }
    for (const [name, inside] of below) {
      const was = next.get(name);
      const id = await this.write(was?.mode === TREE ? was.id : null, inside);
      if (id === null) return null;
      if (this.#known.get(id)?.size === 0) {
        if (was?.mode === TREE) next.delete(name);
      } else next.set(name, { mode: TREE, id });
    }
    for (const [name, entry] of direct) if (entry !== null) next.set(name, entry);
    return this.#write(next);
  }

  /**
   * The tree that merging two lines gives where no path was touched by both of them and nothing was removed, so that
   * nothing was moved either; null where git has to merge.
   */
  async merge(base: string, ours: string, theirs: string): Promise<string | null> {
    if (base === ours) return theirs;
    if (base === theirs || ours === theirs) return ours;
    const merged = await this.#merge(base, ours, theirs);
    return merged && this.#write(merged);
  }

  async #merge(base: string | null, ours: string, theirs: string): Promise<Map<string, TreeEntry> | null> {
    const [was, a, b] = [
      base === null ? EMPTY : await this.#read(base),
      await this.#read(ours),
      await this.#read(theirs),
    ];
    if (!was || !a || !b) return null;
    for (const name of was.keys()) if (!a.has(name) || !b.has(name)) return null;
    const merged = new Map(a);
    for (const [name, theirEntry] of b) {
      const old = was.get(name) ?? null;
      const ourEntry = a.get(name) ?? null;
      if (same(theirEntry, old) || same(theirEntry, ourEntry)) continue;
      // A folder may hide a file that went or came from elsewhere.
      if (same(ourEntry, old) && (old === null || (old.mode !== TREE && theirEntry.mode !== TREE))) {
        merged.set(name, theirEntry);
        continue;
      }
      const folders = [ourEntry, theirEntry, ...(old ? [old] : [])];
      if (folders.some((entry) => entry?.mode !== TREE)) return null;
      const inside = await this.#merge(old?.id ?? null, ourEntry!.id, theirEntry.id);
      if (!inside) return null;
      merged.set(name, { mode: TREE, id: this.#write(inside) });
    }
    // What only we changed is taken as it is, once it is certain that nothing is gone from it.
    for (const [name, ourEntry] of a) {
      const old = was.get(name);
      if (!old || same(ourEntry, old) || !same(b.get(name) ?? null, old)) continue;
      if (old.mode !== TREE && ourEntry.mode !== TREE) continue;
      if (old.mode !== TREE || ourEntry.mode !== TREE) return null;
      if (!(await this.#merge(old.id, ourEntry.id, old.id))) return null;
    }
    return merged;
  }

  async #read(id: string): Promise<Tree | null> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = await this.#objects.read(id);
    if (found?.object.type !== 'tree') throw new Error(`git has no tree ${id}`);
    const tree = parse(found.content, id.length / 2);
    this.#keep(id, tree);
    return tree;
  }

  #write(tree: Tree): string {
    const key = (name: string, { mode }: TreeEntry) => (mode === TREE ? `${name}/` : name);
    const sorted = [...tree].sort(([a, x], [b, y]) => byBytes(key(a, x), key(b, y)));
    const content = Buffer.concat(
      sorted.flatMap(([name, { mode, id }]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
    );
    const id = this.#writer.write('tree', content);
    this.#keep(id, new Map(sorted));
    return id;
  }

  #keep(id: string, tree: Tree | null): void {
    this.#known.set(id, tree);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!);
  }
}

/** Entries `<mode> <name>\0<id>`; null when a name is no text. */
function parse(content: Buffer, idBytes: number): Tree | null {
  const tree = new Map<string, TreeEntry>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const end = content.indexOf(0, space);
    const name = content.toString('utf8', space + 1, end);
    if (name.includes('\ufffd')) return null;
    tree.set(name, {
      mode: content.toString('latin1', at, space),
      id: content.toString('hex', end + 1, end + 1 + idBytes),
    });
    at = end + 1 + idBytes;
  }
  return tree;
}

function same(a: TreeEntry | null, b: TreeEntry | null): boolean {
  return a === b || (a !== null && b !== null && a.id === b.id && a.mode === b.mode);
}
