import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { assets } from '../../../src/config/assets.ts';
import type { Architecture } from '../../../src/protocol/roles.ts';
import { Skipped } from '../figures.ts';
import type { DebianLinux } from './debian.ts';

const run = promisify(execFile);
/** Debian's packages of the C library with which each architecture's programs are linked. */
const LIBC: Record<Architecture, string> = {
  x86_64: 'libc6-dev',
  aarch64: 'libc6-dev-arm64-cross',
  riscv64: 'libc6-dev-riscv64-cross',
};
const SOURCES = ['init.c', 'setup.c', 'threads.c', 'memory.c', 'disk.c', 'net.c'];

/** A root file system in `folder` with our one program, Debian's modules and busybox, and a page to serve. */
export async function buildInitramfs(
  architecture: Architecture,
  linux: DebianLinux,
  page: string,
  folder: string,
): Promise<string> {
  const root = join(folder, 'root');
  for (const part of ['bin', 'modules', 'srv/www']) await mkdir(join(root, part), { recursive: true });
  const sources = SOURCES.map((file) => join(import.meta.dirname, 'guest', file));
  const flags = [
    '-std=gnu11',
    '-D_GNU_SOURCE',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-static',
    '-pthread',
    '-s',
  ];
  const { gcc } = PROFILES[architecture];
  await run(gcc, [...flags, ...sources, '-o', join(root, 'init')]).catch(
    (error: Error & { code?: string }) => {
      if (error.code === 'ENOENT') throw new Skipped(`${gcc} is missing`);
      if (/fatal error: \S+\.h: No such file/.test(error.message))
        throw new Skipped(`${gcc} has no C library for programs (Debian: ${LIBC[architecture]})`);
      throw error;
    },
  );
  for (const module of linux.modules) await cp(module, join(root, 'modules', basename(module)));
  await writeFile(
    join(root, 'modules', 'list'),
    linux.modules.map((module) => `/modules/${basename(module)}\n`).join(''),
  );
  await copyFile(linux.busybox, join(root, 'bin', 'busybox'));
  await chmod(join(root, 'bin', 'busybox'), 0o755);
  await writeFile(join(root, 'srv/www/index.html'), page);
  const tool = join(folder, 'mkcpio');
  await run('cc', ['-std=gnu11', '-O1', join(assets().referenceKernel, 'tools', 'mkcpio.c'), '-o', tool]);
  const archive = join(folder, 'initramfs.cpio');
  await run(tool, [archive, root]);
  return archive;
}
