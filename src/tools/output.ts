import { OUTPUT_LIMIT } from './sandbox.ts';

/**
 * Output of any size in bounded memory: its first and its last bytes. The beginning of a build's output names the first
 * error and its end the outcome, so both halves stay and the middle goes.
 */
export class OutputCapture {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #bytes = 0;

  constructor(limit = OUTPUT_LIMIT) {
    this.#headLimit = Math.ceil(limit / 2);
    this.#tailLimit = limit - this.#headLimit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const toHead = Math.min(chunk.length, this.#headLimit - this.#headBytes);
    if (toHead > 0) {
      this.#head.push(Buffer.from(chunk.subarray(0, toHead)));
      this.#headBytes += toHead;
    }
    const rest = chunk.subarray(toHead);
    if (rest.length === 0) return;
    this.#tail.push(Buffer.from(rest.subarray(Math.max(0, rest.length - this.#tailLimit))));
    this.#tailBytes += this.#tail.at(-1)!.length;
    if (this.#tailBytes > 4 * this.#tailLimit) this.#compact();
  }

  /** The output as text; bytes that are not UTF-8 show as U+FFFD. */
  text(): string {
    this.#compact();
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.#bytes === head.length + tail.length) return Buffer.concat([head, tail]).toString('utf8');
    const first = head.subarray(0, afterLastNewline(head));
    const last = tail.subarray(afterFirstNewline(tail));
    const left = this.#bytes - first.length - last.length;
    return `${first.toString('utf8')}${cutMark(`${left} bytes`)}${last.toString('utf8')}`;
  }

  #compact(): void {
    const all = Buffer.concat(this.#tail);
    const kept = Buffer.from(all.subarray(Math.max(0, all.length - this.#tailLimit)));
    this.#tail = [kept];
    this.#tailBytes = kept.length;
  }
}

/** The text with its middle left out when it is longer than `limit` characters. */
export function cutMiddle(text: string, limit = OUTPUT_LIMIT): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  const head = text.slice(0, lineEndBefore(text, half));
  const tail = text.slice(lineStartAfter(text, text.length - half));
  return `${head}${cutMark(`${text.length - head.length - tail.length} characters`)}${tail}`;
}

function cutMark(what: string): string {
  return `\n[... ${what} left out here ...]\n`;
}

/** A cut falls on a line's end if there is one in the half nearest to it, so that no line shows in part. */
function lineEndBefore(text: string, at: number): number {
  const newline = text.lastIndexOf('\n', at - 1);
  return newline > at / 2 ? newline + 1 : at;
}

function lineStartAfter(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline !== -1 && newline < at + (text.length - at) / 2 ? newline + 1 : at;
}

function afterLastNewline(bytes: Buffer): number {
  const newline = bytes.lastIndexOf(0x0a);
  return newline > bytes.length / 2 ? newline + 1 : bytes.length;
}

function afterFirstNewline(bytes: Buffer): number {
  const newline = bytes.indexOf(0x0a);
  return newline !== -1 && newline < bytes.length / 2 ? newline + 1 : 0;
}
