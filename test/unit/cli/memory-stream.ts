import { Writable } from 'node:stream';

/** Keeps what is written; a terminal of the given size if one is given. */
export class MemoryStream extends Writable {
  text = '';
  isTTY = false;
  columns: number | undefined;
  rows: number | undefined;

  constructor(size?: { columns: number; rows: number }) {
    super({ decodeStrings: false });
    if (!size) return;
    this.isTTY = true;
    this.columns = size.columns;
    this.rows = size.rows;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk;
    done();
  }
}
