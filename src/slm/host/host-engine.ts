import { spawn } from 'node:child_process';
import { UserError } from '../../protocol/errors.ts';
import type { Model } from '../answer/decoder.ts';
import { hostProgram } from './host-program.ts';

type Env = Record<string, string | undefined>;

/** The kernel's own engine, in a process of its own. Stop it when done. */
export interface HostEngine {
  logits: Model;
  stop(): void;
}

/** Loads a GGUF file into the engine that the kernel runs, built for this machine. A UserError says why it does not. */
export async function openHostEngine(model: string, vocabulary: number, env: Env): Promise<HostEngine> {
  const program = await hostProgram(env);
  const child = spawn(program, [model], { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: env['PATH'] } });
  const bytes = 4 * vocabulary;
  let waiting: { resolve: (logits: Float32Array) => void; reject: (error: unknown) => void } | null = null;
  let received = Buffer.alloc(0);
  let said = '';
  let over = false;
  const problem = () =>
    new UserError(
      `The model cannot be used: ${said.trim() || 'the engine ended'}.`,
      'Name another GGUF file.',
    );
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  child.stdin.on('error', () => undefined); // it has ended, which is told below
  child.stdout.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < bytes) return;
    const logits = new Float32Array(new Uint8Array(received.subarray(0, bytes)).buffer);
    received = received.subarray(bytes);
    waiting?.resolve(logits);
    waiting = null;
  });
  child.on('close', () => {
    over = true;
    waiting?.reject(problem());
  });
  return {
    logits: (tokens) =>
      new Promise((resolve, reject) => {
        if (over) return reject(problem());
        waiting = { resolve, reject };
        child.stdin.write(`${tokens.join(' ')}\n`);
      }),
    stop: () => void child.kill(),
  };
}
