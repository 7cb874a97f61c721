import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assets } from '../../config/assets.ts';
import { userCacheFolder } from '../../kernel/accel.ts';
import { requireProgram } from '../../kernel/toolchain.ts';
import { errorMessage, UserError } from '../../protocol/errors.ts';

type Env = Record<string, string | undefined>;

/** Whose vectors the engine is built with. */
const ARCH = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** The programs that it is built with. */
export const HOST_TOOLS = ['make', 'cc'] as const;

/**
 * The kernel's own engine as a program of this machine (SLM/host/neural_ask.c), built once for each version of it, into
 * the user's cache. Its path; a UserError says why it does not build.
 */
export async function hostProgram(env: Env): Promise<string> {
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
      ['-s', '-C', referenceKernel, `ARCH=${ARCH}`, `O=${out}`, 'host-neural'],
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
      'Install a C compiler and make, or newer ones. A booted kernel can be asked without them: `auton kernel chat`.',
      { cause: error },
    );
  }
}
