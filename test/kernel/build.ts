import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { assets } from '../../src/config/assets.ts';
import { makeArgv } from '../../src/kernel/make.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { oneAtATime } from '../fixtures/one-at-a-time.ts';

const run = promisify(execFile);
const OBJECTS = resolve(import.meta.dirname, '../../.cache/kernels');

export interface Variant {
  /** Only these and what they require; everything when absent. */
  subsystems?: readonly string[];
  /** Further variables for make. */
  variables?: readonly string[];
}

/**
 * Builds the reference kernel as a developer does, by `make`, and copies it into `folder`; returns its path.
 * All suites share the objects, also those of the run before; so one is built at a time for each architecture.
 */
export async function buildReference(
  architecture: Architecture,
  folder: string,
  variant: Variant = {},
): Promise<string> {
  return oneAtATime(join(OBJECTS, `${architecture}.lock`), () => build(architecture, folder, variant));
}

/** A program that the build of the kernel makes for this machine, such as `fs/mkcpio`; it is there after a build. */
export const hostTool = (architecture: Architecture, name: string) => join(OBJECTS, architecture, name);

async function build(architecture: Architecture, folder: string, { subsystems, variables = [] }: Variant) {
  const out = join(OBJECTS, architecture);
  const [make, ...args] = makeArgv({
    ...{ architecture, target: 'kernel', out },
    ...(subsystems && { subsystems }),
  });
  const cwd = assets().referenceKernel;
  await run(make, ['-s', ...args, ...variables], { cwd, timeout: 600_000 });
  await mkdir(folder, { recursive: true });
  const kernel = join(folder, 'kernel.elf');
  await copyFile(join(out, 'kernel.elf'), kernel);
  return kernel;
}
