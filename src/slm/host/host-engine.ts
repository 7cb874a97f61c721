import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assets } from '../../config/assets.ts';
import { userCacheFolder } from '../../kernel/accel.ts';
import { requireProgram } from '../../kernel/toolchain.ts';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import type { Model } from '../answer/decoder.ts';

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

/** Built once for each version of the engine, into the user's cache. */
async function hostProgram(env: Env): Promise<string> {
  const { referenceKernel, slmPackage } = assets();
  const source = join(slmPackage, 'host', 'neural_ask.c');
  const header = join(referenceKernel, 'slm_neural', 'neural.h');
  const out = join(userCacheFolder(env), 'engine');
  mkdirSync(out, { recursive: true });
  const cc = requireProgram('cc', env);
  try {
    // make knows whether anything of the engine has changed.
    await promisify(execFile)(
      requireProgram('make', env),
      ['-s', '-C', referenceKernel, `O=${out}`, 'host-neural'],
      { env },
    );
    const object = join(out, 'host', 'neural.o');
    const hash = createHash('sha256').update(readFileSync(source)).update(readFileSync(object)).digest('hex');
    const program = join(out, `ask-${hash.slice(0, 12)}`);
    if (existsSync(program)) return program;
    const includes = [`-I${join(header, '..')}`, `-I${join(referenceKernel, 'include')}`];
    const part = `${program}.${process.pid}`;
    await promisify(execFile)(cc, ['-std=gnu11', '-O2', ...includes, '-o', part, source, object], { env });
    renameSync(part, program);
    return program;
  } catch (error) {
    throw new UserError(
      `The engine of the kernel does not build for this machine: ${errorMessage(error).trim()}.`,
      'Ask a booted kernel instead: `auton kernel chat`.',
      { cause: error },
    );
  }
}
