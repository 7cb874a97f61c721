import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, deflateSync } from 'node:zlib';

export type ObjectType = 'blob' | 'tree' | 'commit';
export type HashName = 'sha1' | 'sha256';

/**
 * Writes loose objects as gitrepository-layout(5) describes them: compressed, named by the hash of what they hold, put
 * in place by a rename. As git does, without a sync: a ref is what makes an object count.
 */
export class ObjectWriter {
  readonly #folder: string;
  readonly #hash: HashName;
  #files = 0;

  constructor(commonDir: string, hash: HashName) {
    this.#folder = join(commonDir, 'objects');
    this.#hash = hash;
  }

  /** Stores an object unless it is there, and returns its name. */
  write(type: ObjectType, content: Buffer): string {
    const { id, header } = this.#name(type, content);
    const file = join(this.#folder, id.slice(0, 2), id.slice(2));
    if (existsSync(file)) return id;
    const packed = deflateSync(Buffer.concat([header, content]), { level: constants.Z_BEST_SPEED });
    // git cleans up after names like this one.
    const temporary = join(this.#folder, `tmp_obj_${process.pid}_${(this.#files += 1)}`);
    writeFileSync(temporary, packed, { mode: 0o444, flag: 'wx' });
    try {
      renameSync(temporary, file);
    } catch {
      mkdirSync(dirname(file), { recursive: true });
      renameSync(temporary, file);
    }
    return id;
  }

  /** The name that an object would have. */
  idOf(type: ObjectType, content: Buffer): string {
    return this.#name(type, content).id;
  }

  #name(type: ObjectType, content: Buffer): { id: string; header: Buffer } {
    const header = Buffer.from(`${type} ${content.length}\0`);
    return { id: createHash(this.#hash).update(header).update(content).digest('hex'), header };
  }
}
