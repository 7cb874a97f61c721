import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
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

/**
 * A copy of the reference kernel to change, with all its objects: of it make compiles what is another. Its sources go to
 * `folder`/kernel, and what is built of them belongs into `folder`/build.
 */
export async function copyReference(architecture: Architecture, folder: string) {
  const [source, out] = [join(folder, 'kernel'), join(folder, 'build')];
  const objects = join(OBJECTS, architecture);
  await oneAtATime(`${objects}.lock`, async () => {
    await make(architecture, {});
    await cp(objects, out, { recursive: true, preserveTimestamps: true });
  });
  // They tell of which headers an object was made, and name it by its path.
  for (const file of globSync('**/*.d', { cwd: out })) {
    const rule = await readFile(join(out, file), 'utf8');
    await writeFile(join(out, file), rule.replaceAll(objects, out));
  }
  const filter = (path: string) => !/\/build[^/]*$/.test(path);
  await cp(assets().referenceKernel, source, { recursive: true, preserveTimestamps: true, filter });
  return { source, out };
}

/** A program that the build of the kernel makes for this machine, such as `fs/mkcpio`; it is there after a build. */
export const hostTool = (architecture: Architecture, name: string) => join(OBJECTS, architecture, name);

async function build(architecture: Architecture, folder: string, variant: Variant) {
  await make(architecture, variant);
  await mkdir(folder, { recursive: true });
  const kernel = join(folder, 'kernel.elf');
  await copyFile(join(OBJECTS, architecture, 'kernel.elf'), kernel);
  return kernel;
}

async function make(architecture: Architecture, { subsystems, variables = [] }: Variant) {
  const [program, ...args] = makeArgv({
    ...{ architecture, target: 'kernel', out: join(OBJECTS, architecture) },
    ...(subsystems && { subsystems }),
  });
  const cwd = assets().referenceKernel;
  await run(program, ['-s', ...args, ...variables], { cwd, timeout: 600_000 });
}
