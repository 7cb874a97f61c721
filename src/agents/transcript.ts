import { closeSync, existsSync, fdatasync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { AssistantMessage, Message, ModelResponse, ToolResultPart } from '../models/client.ts';
import type { Usage } from '../protocol/usage.ts';
import { readLines, writeAll } from './json-lines.ts';

const datasync = promisify(fdatasync);

/** One line of a transcript file: everything that was said in a session, in order. */
export type TranscriptEntry =
  | { kind: 'opening'; system: string; text: string; tools: string[]; model: string }
  | {
      kind: 'assistant';
      turn: number;
      message: AssistantMessage;
      stop: ModelResponse['stop'];
      usage: Usage;
      costUsd: number | null;
      durationMs: number;
      model: string;
    }
  | { kind: 'tool_result'; turn: number; callId: string; tool: string; text: string; isError: boolean }
  /** What the engine or the user said between two answers; `message` is the place of the user's among the run's. */
  | { kind: 'user'; text: string; source: 'user' | 'engine'; message?: number };

export type AssistantEntry = Extract<TranscriptEntry, { kind: 'assistant' }>;

/**
 * The conversation of one session, on disk before the next step is taken: after a crash a session goes on from
 * here, and an answer that was paid for is never asked for again.
 */
export class Transcript {
  readonly entries: TranscriptEntry[];
  readonly #file: string;
  readonly #redact: (text: string) => string;
  #fd: number | null = null;

  /** `redact` removes secrets from every line before it is written. */
  constructor(file: string, redact: (text: string) => string = (text) => text) {
    this.#file = file;
    this.#redact = redact;
    this.entries = existsSync(file) ? readTranscript(file, { repair: true }) : [];
  }

  /** Appends; a crash of this process loses nothing of it, one of the machine only what `sync` has not yet saved. */
  append(entry: TranscriptEntry): void {
    if (this.#fd === null) {
      mkdirSync(dirname(this.#file), { recursive: true });
      this.#fd = openSync(this.#file, 'a', 0o600);
    }
    const line = this.#redact(JSON.stringify(entry));
    writeAll(this.#fd, `${line}\n`);
    this.entries.push(JSON.parse(line) as TranscriptEntry);
  }

  /** To be awaited after an answer, which was paid for; what else a session says can be had again. */
  async sync(): Promise<void> {
    if (this.#fd !== null) await datasync(this.#fd);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  get turns(): number {
    return this.entries.filter((entry) => entry.kind === 'assistant').length;
  }

  /** Tool calls of the last answer that have no result yet. */
  openCalls(): { entry: AssistantEntry; answered: Set<string> } | null {
    const index = this.entries.findLastIndex((entry) => entry.kind === 'assistant');
    const entry = this.entries[index];
    if (entry?.kind !== 'assistant') return null;
    const answered = new Set(
      this.entries.slice(index + 1).flatMap((later) => (later.kind === 'tool_result' ? [later.callId] : [])),
    );
    const open = entry.message.content.some((part) => part.type === 'tool_call' && !answered.has(part.id));
    return open ? { entry, answered } : null;
  }

  /** The conversation as a model is given it: consecutive results and remarks form one user message. */
  messages(): Message[] {
    const messages: Message[] = [];
    for (const entry of this.entries) {
      if (entry.kind === 'assistant') {
        messages.push(entry.message);
        continue;
      }
      const part =
        entry.kind === 'tool_result'
          ? ({
              type: 'tool_result',
              callId: entry.callId,
              text: entry.text,
              isError: entry.isError,
            } as ToolResultPart)
          : ({ type: 'text', text: entry.text } as const);
      const last = messages[messages.length - 1];
      if (last?.role === 'user') last.content.push(part);
      else messages.push({ role: 'user', content: [part] });
    }
    return messages;
  }
}

/** Reads a transcript; a torn last line is ignored, and cut off when `repair` is set. */
export function readTranscript(file: string, options: { repair?: boolean } = {}): TranscriptEntry[] {
  return readLines(file, options).map((line) => JSON.parse(line) as TranscriptEntry);
}
