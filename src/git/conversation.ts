import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { keepAlive } from './shell.ts';

/** Where an answer ends: after so many lines, or with this text. */
type End = { lines: number } | { mark: string };

interface Question {
  text: string;
  end: End;
  resolve: (answer: string) => void;
  reject: (error: Error) => void;
}

/** A mark is not longer than this. */
const TAIL = 64;

/** The process ended instead of answering; the message is what it said last. */
export class ConversationError extends Error {}

/**
 * A git process that stays open and answers a question with a known end: a tenth of a millisecond each instead of two
 * for a process of its own. One question at a time, so that one that ends the process, as a refused ref
 * update does, fails alone; the next opens another.
 */
export class Conversation {
  readonly #start: () => ChildProcessWithoutNullStreams;
  #child: ChildProcessWithoutNullStreams | null = null;
  readonly #waiting: Question[] = [];
  #asked: Question | null = null;
  #received: Buffer[] = [];
  #lines = 0;
  #tail = '';

  constructor(start: () => ChildProcessWithoutNullStreams) {
    this.#start = start;
  }

  /** The answer, its end included. */
  ask(text: string, end: End): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, end, resolve, reject });
      this.#next();
    });
  }

  /** Ends the process when it has answered what it was asked. */
  close(): void {
    this.#child?.stdin.end();
    this.#child = null;
  }

  #next(): void {
    if (this.#asked) return;
    const question = this.#waiting.shift();
    if (!question) {
      if (this.#child) keepAlive(this.#child, false);
      return;
    }
    this.#asked = question;
    // Somebody may have killed it while nobody asked it anything.
    if (this.#child && (this.#child.exitCode !== null || this.#child.signalCode !== null)) this.#child = null;
    const child = (this.#child ??= this.#open());
    keepAlive(child, true);
    child.stdin.write(question.text);
  }

  #open(): ChildProcessWithoutNullStreams {
    const child = this.#start();
    let complaint = '';
    this.#forget();
    const ended = (reason: string) => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#finish(({ reject }) => reject(new ConversationError(reason)));
    };
    child.on('error', ({ message }) => ended(message));
    child.on('close', () => ended(complaint.trim() || 'the process ended unexpectedly'));
    child.stdin.on('error', () => undefined); // 'close' follows
    child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-1000)));
    child.stdout.on('data', (chunk: Buffer) => {
      if (this.#child !== child) return;
      this.#received.push(chunk);
      this.#tail = (this.#tail + chunk.subarray(-TAIL).toString('latin1')).slice(-TAIL);
      for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) this.#lines += 1;
      if (!this.#asked || !this.#isWhole(this.#asked.end)) return;
      const answer = Buffer.concat(this.#received).toString();
      this.#forget();
      this.#finish(({ resolve }) => resolve(answer));
    });
    return child;
  }

  #isWhole(end: End): boolean {
    return 'mark' in end ? this.#tail.endsWith(end.mark) : this.#lines >= end.lines;
  }

  #forget(): void {
    this.#received = [];
    this.#lines = 0;
    this.#tail = '';
  }

  #finish(answer: (question: Question) => void): void {
    const question = this.#asked;
    this.#asked = null;
    if (question) answer(question);
    this.#next();
  }
}
