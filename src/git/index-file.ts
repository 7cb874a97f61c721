import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';
import { hasCode } from '../protocol/errors.ts';
import type { HashName } from './loose.ts';
import type { TreeEntry } from './trees.ts';

/** What the index says about a file: its content's name, and how the file looked when it was last the same. */
export interface IndexEntry extends TreeEntry {
  /** Ten numbers of 32 bits as the index has them: times, device, inode, mode, owner, size. */
  stat: Buffer;
}

export interface Index {
  entries: Map<string, IndexEntry>;
  /** When the index was written, in nanoseconds; a file changed since may look the same and be another. */
  writtenAt: bigint;
}

const SIGNATURE = 'DIRC';
const STAT_BYTES = 40;
const MODE_AT = 24;
const SIZE_AT = 36;
const NAME_MASK = 0xfff;
/** Assume-unchanged, extended flags and the stage of a conflict. */
const UNUSUAL = 0xf000;
/** How far the clock that stamps files may be behind, in nanoseconds. */
const CLOCK_LAG = 50_000_000n;

/** Reads an index (gitformat-index(5)); null when it has something in it that only git should judge. */
export function readIndex(file: string, idBytes: number): Index | null {
  let data: Buffer;
  let writtenAt: bigint;
  try {
    data = readFileSync(file);
    writtenAt = lstatSync(file, { bigint: true }).mtimeNs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  const version = data.length > 12 ? data.readUInt32BE(4) : 0;
  if (data.toString('latin1', 0, 4) !== SIGNATURE || version !== 2) return null;
  const entries = new Map<string, IndexEntry>();
  let at = 12;
  for (let left = data.readUInt32BE(8); left > 0; left -= 1) {
    const idAt = at + STAT_BYTES;
    const flagsAt = idAt + idBytes;
    const flags = data.readUInt16BE(flagsAt);
    if (flags & UNUSUAL) return null;
    const end = data.indexOf(0, Math.min(flagsAt + 2 + (flags & NAME_MASK), data.length));
    const path = data.toString('utf8', flagsAt + 2, end);
    if (path.includes('\ufffd')) return null;
    entries.set(path, {
      mode: data.readUInt32BE(at + MODE_AT).toString(8),
      id: data.toString('hex', idAt, flagsAt),
      stat: data.subarray(at, idAt),
    });
    at += (end - at + 8) & ~7;
  }
  // Extensions that a reader may pass over begin with a capital.
  for (let next = at; next + 8 < data.length - idBytes; next += 8 + data.readUInt32BE(next + 4)) {
    if (data[next]! < 0x41 || data[next]! > 0x5a) return null;
  }
  return { entries, writtenAt };
}

/** An index that is being written, under git's own lock; others see it whole or not at all. */
export class IndexLock {
  readonly #file: string;
  readonly #fd: number;
  readonly #how: IndexOptions;
  #held = true;
  #closed = false;

  private constructor(file: string, fd: number, how: IndexOptions) {
    this.#file = file;
    this.#fd = fd;
    this.#how = how;
  }

  /** Null when somebody else holds the lock. */
  static take(file: string, how: IndexOptions): IndexLock | null {
    const flags = how.isOwn && takeLast(file) ? 'r+' : 'wx';
    try {
      return new IndexLock(file, openSync(`${file}.lock`, flags), how);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return null;
      throw error;
    }
  }

  /** Puts these entries in place. `checkedAt` is when the files began to be looked at, as Date.now() has it. */
  write(entries: ReadonlyMap<string, IndexEntry>, checkedAt: number): void {
    try {
      const content = serialize(entries, BigInt(checkedAt) * 1_000_000n - CLOCK_LAG);
      const sum = createHash(this.#how.hash).update(content).digest();
      ftruncateSync(this.#fd, writeSync(this.#fd, Buffer.concat([content, sum])));
      if (this.#how.isOwn) keepLast(this.#file);
      renameSync(`${this.#file}.lock`, this.#file);
      this.#held = false;
    } finally {
      this.release();
    }
  }

  /** Leaves the index as it was, unless it was written. */
  release(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
    if (this.#held) rmSync(`${this.#file}.lock`, { force: true });
  }
}

export interface IndexOptions {
  hash: HashName;
  /**
   * Nobody else reads the checkout while it is written: then the file of the index before the last is used again, since
   * making a new one and deleting the old takes some file systems 100 times as long.
   */
  isOwn: boolean;
}

function lastOf(file: string): string {
  return `${file}.last`;
}

/** Makes the file that was kept the lock; false when there is none, or none that is only kept. */
function takeLast(file: string): boolean {
  const last = lastOf(file);
  const stat = lstatSync(last, { throwIfNoEntry: false });
  if (!stat) return false;
  const isFree = stat.isFile() && stat.nlink === 1;
  if (isFree) {
    try {
      linkSync(last, `${file}.lock`);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  }
  rmSync(last);
  return isFree;
}

function keepLast(file: string): void {
  try {
    linkSync(file, lastOf(file));
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  }
}

function serialize(entries: ReadonlyMap<string, IndexEntry>, uncertainSince: bigint): Buffer {
  const header = Buffer.alloc(12);
  header.write(SIGNATURE, 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(entries.size, 8);
  const parts: Buffer[] = [header];
  for (const [path, { id, stat }] of [...entries].sort(([a], [b]) => byBytes(a, b))) {
    const name = Buffer.from(path);
    const idBytes = id.length / 2;
    const entry = Buffer.alloc((STAT_BYTES + idBytes + 2 + name.length + 8) & ~7);
    stat.copy(entry);
    // As git does: a size that the file does not have makes everyone look at its content again.
    if (timeOf(stat) >= uncertainSince) entry.writeUInt32BE(0, SIZE_AT);
    entry.write(id, STAT_BYTES, 'hex');
    entry.writeUInt16BE(Math.min(name.length, NAME_MASK), STAT_BYTES + idBytes);
    name.copy(entry, STAT_BYTES + idBytes + 2);
    parts.push(entry);
  }
  return Buffer.concat(parts);
}

/** How a file looks, as an index entry has it. */
export function statOf(stat: BigIntStats, mode: string): Buffer {
  const buffer = Buffer.allocUnsafe(STAT_BYTES);
  buffer.writeUInt32BE(Number(stat.ctimeNs / 1_000_000_000n) >>> 0, 0);
  buffer.writeUInt32BE(Number(stat.ctimeNs % 1_000_000_000n), 4);
  buffer.writeUInt32BE(Number(stat.mtimeNs / 1_000_000_000n) >>> 0, 8);
  buffer.writeUInt32BE(Number(stat.mtimeNs % 1_000_000_000n), 12);
  buffer.writeUInt32BE(Number(stat.dev & 0xffffffffn), 16);
  buffer.writeUInt32BE(Number(stat.ino & 0xffffffffn), 20);
  buffer.writeUInt32BE(parseInt(mode, 8), MODE_AT);
  buffer.writeUInt32BE(Number(stat.uid), 28);
  buffer.writeUInt32BE(Number(stat.gid), 32);
  buffer.writeUInt32BE(Number(stat.size & 0xffffffffn), SIZE_AT);
  return buffer;
}

/** The file looks as it did when its content was last known, and cannot have been changed since without a trace. */
export function isUntouched(entry: IndexEntry, now: Buffer, { writtenAt }: Index): boolean {
  return entry.stat.equals(now) && timeOf(now) < writtenAt;
}

function timeOf(stat: Buffer): bigint {
  return BigInt(stat.readUInt32BE(8)) * 1_000_000_000n + BigInt(stat.readUInt32BE(12));
}

/** Orders paths as git does, by their bytes in UTF-8; JavaScript's own order has surrogates elsewhere. */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
