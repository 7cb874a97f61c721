import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { hasCode } from '../protocol/errors.ts';
import { gitMissing } from './git.ts';
import { keepAlive } from './shell.ts';

export interface ObjectInfo {
  id: string;
  type: string;
  bytes: number;
}

export interface ObjectContent {
  object: ObjectInfo;
  content: Buffer;
}

interface Question {
  contents: boolean;
  resolve: (answer: ObjectContent | null) => void;
  reject: (error: Error) => void;
}

const LINE_FEED = 0x0a;

/**
 * Reads refs and objects through one `git cat-file --batch-command` that stays open: a tenth of a millisecond each
 * instead of one. Refs are read anew each time, so it sees what any other process has moved. Nothing of the repository
 * is executed by that, neither hooks nor filters. `start` starts the process.
 */
export class ContentReader {
  readonly #start: () => ChildProcessWithoutNullStreams;
  #batch: Batch | null = null;

  constructor(start: () => ChildProcessWithoutNullStreams) {
    this.#start = start;
  }

  /** Type and size of what a revision names; null when there is no such thing. */
  async find(revision: string): Promise<ObjectInfo | null> {
    return (await this.#ask(revision, false))?.object ?? null;
  }

  read(revision: string): Promise<ObjectContent | null> {
    return this.#ask(revision, true);
  }

  close(): void {
    this.#batch?.end();
    this.#batch = null;
  }

  #ask(revision: string, contents: boolean): Promise<ObjectContent | null> {
    if (revision === '' || /[\n\0]/.test(revision)) return Promise.resolve(null);
    if (!this.#batch || this.#batch.ended) this.#batch = new Batch(this.#start());
    return this.#batch.ask(revision, contents);
  }
}

/** One process with what it was asked. */
class Batch {
  ended = false;
  readonly #child: ChildProcessWithoutNullStreams;
  /** Asked and not answered yet; answers come in the same order. */
  readonly #waiting: Question[] = [];
  #complaint = '';
  #chunks: Buffer[] = [];
  #size = 0;
  /** So many bytes hold the next answer; looking before would only copy them again and again. */
  #needed = 1;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.on('error', (error) => this.#onEnd(hasCode(error, 'ENOENT') ? gitMissing(error) : error));
    child.on('close', () =>
      this.#onEnd(new Error(`git cat-file ended unexpectedly: ${this.#complaint.trim()}`)),
    );
    child.stdin.on('error', () => undefined); // 'close' follows
    child.stderr.on('data', (chunk: Buffer) => {
      this.#complaint = `${this.#complaint}${chunk.toString()}`.slice(-1000);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (this.#size >= this.#needed) this.#answer();
      if (this.#waiting.length === 0) keepAlive(child, false);
    });
  }

  ask(revision: string, contents: boolean): Promise<ObjectContent | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ contents, resolve, reject });
      if (this.#child.pid === undefined) return; // 'error' follows
      keepAlive(this.#child, true);
      this.#child.stdin.write(`${contents ? 'contents' : 'info'} ${revision}\n`);
    });
  }

  /** What was asked is still answered. */
  end(): void {
    this.#child.stdin.end();
  }

  #onEnd(reason: Error): void {
    this.ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  /** `<id> <type> <size>`, then the content and a line feed where it was asked for; or why there is no answer. */
  #answer(): void {
    let bytes = Buffer.concat(this.#chunks);
    this.#needed = 1;
    for (;;) {
      const question = this.#waiting[0];
      const end = bytes.indexOf(LINE_FEED);
      if (!question || end < 0) break;
      const object = parseInfo(bytes.toString('utf8', 0, end));
      const from = end + 1;
      const to = from + (object && question.contents ? object.bytes + 1 : 0);
      if (bytes.length < to) {
        this.#needed = to;
        break;
      }
      this.#waiting.shift();
      const content = Buffer.from(bytes.subarray(from, Math.max(from, to - 1)));
      question.resolve(object && { object, content });
      bytes = bytes.subarray(to);
    }
    this.#chunks = [bytes];
    this.#size = bytes.length;
    this.#needed = Math.max(this.#needed, this.#size + 1);
  }
}

/** `<id> <type> <size>`, or the question and why it has no answer. */
function parseInfo(line: string): ObjectInfo | null {
  const [, id, type, bytes] = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(line) ?? [];
  return id && type && bytes ? { id, type, bytes: Number(bytes) } : null;
}
