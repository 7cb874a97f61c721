import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { keepAlive } from './shell.ts';

export interface ObjectInfo {
  id: string;
  type: string;
  bytes: number;
}

interface Question {
  resolve: (info: ObjectInfo | null) => void;
  reject: (error: Error) => void;
}

/**
 * Looks up refs and objects through one `git cat-file --batch-check` that stays open: a tenth of a millisecond
 * each instead of one. It reads refs anew each time, so it sees what any other process has moved.
 */
export class ObjectReader {
  readonly #start: () => ChildProcessWithoutNullStreams;
  #child: ChildProcessWithoutNullStreams | null = null;
  /** Asked and not answered yet; answers come in the same order. */
  #waiting: Question[] = [];
  #partial = '';

  constructor(start: () => ChildProcessWithoutNullStreams) {
    this.#start = start;
  }

  /** What a revision such as `refs/heads/main^{tree}` names; null when there is no such thing. */
  find(revision: string): Promise<ObjectInfo | null> {
    if (/[\n\0]/.test(revision)) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const child = (this.#child ??= this.#open());
      this.#waiting.push({ resolve, reject });
      keepAlive(child, true);
      child.stdin.write(`${revision}\n`);
    });
  }

  close(): void {
    this.#child?.stdin.end();
    this.#child = null;
  }

  #open(): ChildProcessWithoutNullStreams {
    const child = this.#start();
    let complaint = '';
    const ended = (error?: Error) => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#partial = '';
      for (const { reject } of this.#waiting.splice(0)) {
        reject(error ?? new Error(`git cat-file ended unexpectedly: ${complaint.trim()}`));
      }
    };
    child.on('error', ended);
    child.on('close', () => ended());
    child.stdin.on('error', () => undefined); // 'close' follows
    child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-1000)));
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (this.#partial + chunk.toString()).split('\n');
      this.#partial = lines.pop() ?? '';
      for (const line of lines) this.#waiting.shift()?.resolve(parseInfo(line));
      if (this.#waiting.length === 0) keepAlive(child, false);
    });
    return child;
  }
}

/** `<id> <type> <size>`, or the question and why it has no answer. */
export function parseInfo(line: string): ObjectInfo | null {
  const [, id, type, bytes] = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(line) ?? [];
  return id && type && bytes ? { id, type, bytes: Number(bytes) } : null;
}
