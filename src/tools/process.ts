import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { errorMessage, UserError } from '../protocol/errors.ts';
import { OutputCapture } from './output.ts';

export interface ProcessRequest {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
  stdin?: string | undefined;
  /** Own process group, so that it can be killed as one. */
  detached?: boolean;
  /** Opens file descriptor 3, which the process writes `status` to, and for a text 4, which it reads it from. */
  side?: { data?: string };
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  outputFile?: string | undefined;
  onOutput?: ((text: string) => void) | undefined;
  /** The output file ends here; the process goes on. */
  maxOutputFileBytes: number;
  /** Ends the process and all it started. May be called more than once, also after it ended. */
  kill(child: ChildProcess): void;
  /** Asked again and again while the process runs; a text ends it and becomes `stopped`. */
  watch?: ((child: ChildProcess) => Promise<string | undefined>) | undefined;
  /** Awaited when the process has ended and been read, also when it was cancelled: for what may outlive it a little. */
  afterEnd?: (status: string) => Promise<void>;
}

export interface ProcessResult {
  exitCode: number | null;
  timedOut: boolean;
  /** Why the watch ended it. */
  stopped: string | undefined;
  output: string;
  outputBytes: number;
  durationMs: number;
  /** What it wrote to file descriptor 3. */
  status: string;
}

/** The longest pause between two looks of `watch`; a look that takes long makes the pauses longer. */
const WATCH_INTERVAL_MS = 250;
/** How long after a process its output may stay silent and open, held by a grandchild that escaped `kill`. */
const CLOSE_GRACE_MS = 1000;

/**
 * Runs a process to its end, time-out or cancellation with its output in bounded memory. Descriptors 1 and 2 are both
 * captured; who wants them in order makes the process write to one. Rejects with the signal's reason, and with a
 * UserError when the process cannot be started or its output not be kept.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  request.signal?.throwIfAborted();
  const started = performance.now();
  const capture = new OutputCapture();
  const file = request.outputFile
    ? new OutputFile(request.outputFile, request.maxOutputFileBytes)
    : undefined;
  const child = spawn(request.argv[0]!, request.argv.slice(1), {
    cwd: request.cwd,
    env: request.env,
    detached: request.detached ?? false,
    stdio: [
      request.stdin === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      request.side ? 'pipe' : 'ignore',
      request.side?.data === undefined ? 'ignore' : 'pipe',
    ],
  });

  let status = '';
  let timedOut = false;
  let stopped: string | undefined;
  for (const stream of [child.stdout!, child.stderr!]) {
    const decoder = new TextDecoder();
    stream.on('data', (chunk: Buffer) => {
      capture.push(chunk);
      file?.write(chunk, stream);
      request.onOutput?.(decoder.decode(chunk, { stream: true }));
    });
  }
  feed(child.stdin, request.stdin ?? '');
  (child.stdio[3] as Readable | null)?.setEncoding('utf8').on('data', (text: string) => (status += text));
  feed(child.stdio[4] as Writable | null, request.side?.data ?? '');

  const kill = () => request.kill(child);
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, request.timeoutMs);
  request.signal?.addEventListener('abort', kill, { once: true });
  const watching =
    request.watch &&
    startWatch(child, request.watch, (reason) => {
      stopped = reason;
      kill();
    });

  try {
    const exitCode = await closed(child, kill, capture).finally(() => file?.end());
    await request.afterEnd?.(status);
    request.signal?.throwIfAborted();
    return {
      exitCode,
      timedOut,
      stopped,
      output: capture.text(),
      outputBytes: capture.bytes,
      durationMs: performance.now() - started,
      status,
    };
  } finally {
    clearTimeout(timer);
    watching?.stop();
    request.signal?.removeEventListener('abort', kill);
  }
}

/** Resolves when the process has ended and its output is read; null when a signal ended it. */
function closed(child: ChildProcess, kill: () => void, capture: OutputCapture): Promise<number | null> {
  return new Promise((resolve, reject) => {
    let grace: NodeJS.Timeout | undefined;
    child.once('error', (cause) => {
      if (child.pid !== undefined) return;
      reject(
        new UserError(
          `${child.spawnfile} could not be started: ${errorMessage(cause)}.`,
          'Install it, or put it on the PATH.',
          { cause },
        ),
      );
    });
    const closeIfSilent = (bytes: number) => {
      if (capture.bytes === bytes) child.stdio.forEach((stream) => stream?.destroy());
      else grace = setTimeout(closeIfSilent, CLOSE_GRACE_MS, capture.bytes);
    };
    child.once('exit', () => {
      kill();
      grace = setTimeout(closeIfSilent, CLOSE_GRACE_MS, capture.bytes);
    });
    child.once('close', (code) => {
      clearTimeout(grace);
      resolve(code);
    });
  });
}

/** Writes all of `text`; a process that does not want it is no error. */
function feed(stream: Writable | null, text: string): void {
  stream?.on('error', () => undefined);
  stream?.end(text);
}

function startWatch(
  child: ChildProcess,
  watch: (child: ChildProcess) => Promise<string | undefined>,
  onReason: (reason: string) => void,
): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const look = async () => {
    const before = performance.now();
    const reason = await watch(child).catch(
      (error: unknown) => `it cannot be watched: ${errorMessage(error)}`,
    );
    if (over) return;
    if (reason !== undefined) onReason(reason);
    else schedule(Math.max(WATCH_INTERVAL_MS, 20 * (performance.now() - before)));
  };
  const schedule = (ms: number) => (timer = setTimeout(() => void look(), ms));
  schedule(WATCH_INTERVAL_MS);
  return {
    stop() {
      over = true;
      clearTimeout(timer);
    },
  };
}

/** The complete output on disk, up to a limit; the process waits while the disk is slower than it. */
class OutputFile {
  readonly #stream: WriteStream;
  readonly #path: string;
  #left: number;
  #error: Error | undefined;

  constructor(path: string, limit: number) {
    this.#path = path;
    this.#left = limit;
    this.#stream = createWriteStream(path);
    this.#stream.on('error', (error) => (this.#error = error));
  }

  write(chunk: Buffer, source: Readable): void {
    if (this.#left <= 0 || this.#error) return;
    const part = chunk.subarray(0, this.#left);
    this.#left -= part.length;
    if (this.#left === 0) return void this.#stream.write(Buffer.concat([part, LIMIT_MARK]));
    if (this.#stream.write(part)) return;
    source.pause();
    const resume = () => {
      this.#stream.off('drain', resume).off('close', resume);
      source.resume();
    };
    this.#stream.on('drain', resume).on('close', resume);
  }

  async end(): Promise<void> {
    if (!this.#error) {
      await new Promise<void>((resolve) => this.#stream.once('close', () => resolve()).end());
    }
    if (!this.#error) return;
    throw new UserError(
      `The output of a command could not be kept in ${this.#path}: ${this.#error.message}.`,
      'Free space on that disk, or make the folder writable.',
      { cause: this.#error },
    );
  }
}

const LIMIT_MARK = Buffer.from('\n[the output goes on; this file ends at its size limit]\n');
