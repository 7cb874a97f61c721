import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from '../../../src/protocol/roles.ts';
import { Skipped } from '../figures.ts';

const run = promisify(execFile);

/** The first release of Debian that has all three architectures. */
const RELEASE = 'trixie';
const DEBIAN_NAME: Record<Architecture, string> = { x86_64: 'amd64', aarch64: 'arm64', riscv64: 'riscv64' };
/** What Debian's kernels keep out of themselves of a virtio disk, a virtio network card and ext2. */
const MODULES = ['crc32c_generic', 'ext4', 'virtio_blk', 'virtio_net'];
const CACHE = resolve('.cache', 'linux');

export interface DebianLinux {
  /** Of the kernel's package. */
  version: string;
  kernel: string;
  /** Files of modules, each behind those it needs. */
  modules: string[];
  busybox: string;
}

/** Debian's kernel for an architecture, its modules and its busybox, fetched by apt once and kept in .cache/linux/. */
export async function debianLinux(architecture: Architecture): Promise<DebianLinux> {
  const folder = join(CACHE, architecture);
  const kept = await readKept(folder);
  if (kept) return kept;
  const temporary = `${folder}.${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    const debian = DEBIAN_NAME[architecture];
    const apt = await aptRoot();
    const image = await imagePackage(apt, debian);
    const fetch = ['download', `${image}:${debian}`, `busybox-static:${debian}`];
    await run('apt-get', ['-q', ...fetch], { cwd: temporary, env: apt, maxBuffer: 1 << 24 });
    await unpack(temporary);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Skipped(`Debian's kernel cannot be had: ${(stderr || message).trim().split('\n').at(-1)}`);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const fetched = await readKept(folder);
  if (!fetched) throw new Error(`${folder} is not complete`);
  return fetched;
}

async function readKept(folder: string): Promise<DebianLinux | undefined> {
  const version = await readFile(join(folder, 'version'), 'utf8').catch(() => undefined);
  if (version === undefined) return undefined;
  const modules = (await readFile(join(folder, 'modules', 'list'), 'utf8')).trim().split('\n');
  return {
    version,
    kernel: join(folder, 'kernel'),
    modules: modules.map((file) => join(folder, 'modules', file)),
    busybox: join(folder, 'busybox'),
  };
}

/** An apt that knows one release and all three architectures, and leaves this machine's own alone. */
async function aptRoot(): Promise<NodeJS.ProcessEnv> {
  const root = join(CACHE, 'apt');
  await mkdir(join(root, 'lists', 'partial'), { recursive: true });
  await mkdir(join(root, 'cache', 'archives', 'partial'), { recursive: true });
  const targets = ['indextargets', '--format', '$(LABEL) $(REPO_URI)', 'Created-By: Packages'];
  const { stdout } = await run('apt-get', targets);
  const mirror = /^Debian (\S+)$/m.exec(stdout)?.[1];
  if (mirror === undefined) throw new Error('this machine has no mirror of Debian in its apt sources');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await writeFile(join(root, 'sources.list'), `deb [signed-by=${keys}] ${mirror} ${RELEASE} main\n`);
  const configuration = join(root, 'apt.conf');
  await writeFile(
    configuration,
    [
      `Dir::Etc::sourcelist "${root}/sources.list";`,
      'Dir::Etc::sourceparts "/dev/null";',
      `Dir::State::lists "${root}/lists";`,
      'Dir::State::status "/dev/null";',
      `Dir::Cache "${root}/cache";`,
      'APT::Architecture "amd64";',
      'APT::Architectures { "amd64"; "arm64"; "riscv64"; };',
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    ].join('\n'),
  );
  const env = { ...process.env, APT_CONFIG: configuration };
  await run('apt-get', ['-q', 'update'], { env, maxBuffer: 1 << 24 });
  return env;
}

/** What linux-image-<architecture> stands for today. */
async function imagePackage(env: NodeJS.ProcessEnv, debian: string): Promise<string> {
  const { stdout } = await run('apt-cache', ['show', `linux-image-${debian}:${debian}`], { env });
  const image = /^Depends: (linux-image-\S+)/m.exec(stdout)?.[1];
  if (image === undefined) throw new Error(`${RELEASE} has no linux-image-${debian}`);
  return image;
}

/** Leaves kernel, modules/, busybox and version in the folder, nothing else. */
async function unpack(folder: string): Promise<void> {
  const debs = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
  const image = debs.find((name) => name.startsWith('linux-image'))!;
  const tree = join(folder, 'tree');
  await mkdir(tree);
  const script = 'for deb in "$@"; do dpkg-deb --fsys-tarfile "$deb" | tar -x; done';
  await run('sh', ['-ec', script, 'sh', ...debs.map((name) => join(folder, name))], { cwd: tree });
  const kernel = (await readdir(join(tree, 'boot'))).find((name) => name.startsWith('vmlinu'))!;
  await rename(join(tree, 'boot', kernel), join(folder, 'kernel'));
  await rename(join(tree, 'usr', 'bin', 'busybox'), join(folder, 'busybox'));
  await keepModules(join(tree, 'usr', 'lib', 'modules'), join(folder, 'modules'));
  await rm(tree, { recursive: true });
  for (const deb of debs) await rm(join(folder, deb));
  await writeFile(join(folder, 'version'), image.split('_')[1]!);
}

async function keepModules(from: string, to: string): Promise<void> {
  await mkdir(to);
  const files = new Map<string, string>();
  for (const entry of await readdir(from, { recursive: true })) {
    const name = /^(.+)\.ko(?:\.xz)?$/.exec(basename(entry))?.[1];
    if (name !== undefined) files.set(name.replaceAll('-', '_'), join(from, entry));
  }
  const list: string[] = [];
  const keep = async (name: string): Promise<void> => {
    const file = files.get(name);
    if (file === undefined || list.includes(`${name}.ko`)) return; // Not a module here: it is in the kernel.
    const script = 'case "$1" in *.xz) exec xz -dc "$1";; *) exec cat "$1";; esac';
    const { stdout } = await run('sh', ['-c', script, 'sh', file], {
      encoding: 'buffer',
      maxBuffer: 1 << 26,
    });
    // Without a null byte in front it would also match the end of another field.
    const needs = /\0depends=([^\0]*)\0/.exec(stdout.toString('latin1'))?.[1] ?? '';
    for (const needed of needs.split(',').filter(Boolean)) await keep(needed.replaceAll('-', '_'));
    await writeFile(join(to, `${name}.ko`), stdout);
    list.push(`${name}.ko`);
  };
  for (const name of MODULES) await keep(name);
  await writeFile(join(to, 'list'), list.join('\n'));
}
