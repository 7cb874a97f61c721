import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { findProgram } from '../../src/kernel/toolchain.ts';
import { writeGpt } from './fs/gpt.ts';
import { hostTool } from './build.ts';
import { buildKernel, ShellMachine } from './fs/machine.ts';

const { referenceKernel } = assets();
const HERE = join(import.meta.dirname, 'fs');
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
/** Moments at which the power is cut, on a machine and on a model of its disk; more for a thorough run. */
const MACHINE_CUTS = Number(process.env['AUTON_POWER_CUTS'] ?? 6);
const MODEL_CUTS = MACHINE_CUTS * 4;

const tool = (name: string, args: string[]) =>
  execFileSync(name, args, {
    env: { ...process.env, PATH },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const debugfs = (image: string, request: string) => tool('debugfs', ['-w', '-R', request, image]);
const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');

/** Throws with what e2fsck says unless it finds nothing. */
function assertClean(image: string): void {
  const { status, stdout } = spawnSync('e2fsck', ['-fn', image], {
    env: { ...process.env, PATH },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
}

function emptyDisk(file: string, megabytes: number): string {
  writeFileSync(file, '');
  truncateSync(file, megabytes * 1024 * 1024);
  return file;
}

/** Bytes that differ everywhere and come again with the same seed. */
function pattern(bytes: number, seed: number): Buffer {
  const data = Buffer.alloc(bytes);
  for (let i = 0, x = seed | 1; i + 4 <= bytes; i += 4) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    data.writeInt32LE(x, i);
  }
  return data;
}

describe('the file systems of the reference kernel', () => {
  let folder: string;
  let kernel: string;
  let machine: ShellMachine | undefined;

  before(async function () {
    const missing = [PROFILES.x86_64.qemu, 'mke2fs', 'debugfs', 'e2fsck'].filter(
      (name) => !findProgram(name, { ...process.env, PATH }),
    );
    if (missing.length > 0) {
      console.log(`    missing: ${missing.join(', ')}`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'auton-fs-'));
    kernel = await buildKernel(folder);
  });
  afterEach(async () => {
    await machine?.kill();
    machine = undefined;
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  for (const blockSize of [1024, 2048, 4096])
    it(`reads what the host wrote, in blocks of ${blockSize}, and leaves the disk clean`, async () => {
      const image = emptyDisk(join(folder, 'host.img'), 96);
      const tree = join(folder, `tree-${blockSize}`);
      const longName = 'n'.repeat(255);
      mkdirSync(join(tree, 'deep/er'), { recursive: true });
      // Behind 64 MB blocks of 1 KB are named over three levels of indirection.
      const far = pattern(5000, 7);
      const big = pattern(700_000, blockSize);
      writeFileSync(join(tree, 'deep/er', longName), 'a long name\n');
      writeFileSync(join(tree, 'big'), big);
      writeFileSync(join(tree, 'sparse'), far);
      tool('mke2fs', [
        '-q',
        '-t',
        'ext2',
        '-O',
        '^resize_inode,^dir_index,^ext_attr',
        '-b',
        String(blockSize),
        '-d',
        tree,
        image,
      ]);
      debugfs(image, `symlink /fast deep/er/${longName.slice(0, 20)}`);
      debugfs(image, `symlink /slow ${'deep/../'.repeat(12)}deep/er/${longName}`);
      for (let i = 0; i < 3; i++) debugfs(image, `mkdir /dir${i}`);
      assertClean(image);

      machine = await ShellMachine.boot(kernel, [image]);
      assert.equal(await machine.ask('mount vda /mnt'), '');
      assert.match(await machine.ask('ls /mnt/deep/er'), new RegExp(`^${longName}$`, 'm'));
      assert.equal(await machine.ask('cat /mnt/slow'), 'a long name\n');
      assert.match(await machine.ask('ls -l /mnt'), /fast -> deep\/er\/nnnnnnnnnnnnnnnnnnnn$/m);
      // It comes out again as it went in, by way of another file.
      assert.equal(await machine.ask('cp /mnt/big /mnt/copy'), '');
      assert.equal(await machine.ask('cp /mnt/sparse /mnt/dir1'), '');
      assert.equal(await machine.ask('umount /mnt'), '');
      await machine.switchOff();
      assertClean(image);
      debugfs(image, `dump /copy ${join(folder, 'copy')}`);
      assert.equal(sha256(readFileSync(join(folder, 'copy'))), sha256(big));
      debugfs(image, `dump /dir1/sparse ${join(folder, 'copy')}`);
      assert.equal(sha256(readFileSync(join(folder, 'copy'))), sha256(far));
    });

  it('writes what the host reads: a disk made, filled and emptied by the kernel', async () => {
    const image = emptyDisk(join(folder, 'own.img'), 80);
    machine = await ShellMachine.boot(kernel, [image]);
    for (const line of [
      'mkfs vda mine',
      'mount vda /mnt',
      'mkdir -p /mnt/a/b',
      'write /mnt/a/one first line',
      'write -a /mnt/a/one second line',
      'cp /mnt/a/one /mnt/a/b/two',
      'ln /mnt/a/one /mnt/hard',
      'ln -s a/b/two /mnt/soft',
      'mv /mnt/a/b/two /mnt/three',
      'cp -r /etc /mnt/a/b',
      'rm -r /mnt/a/b',
    ])
      assert.doesNotMatch(await machine.ask(line), /^\w+: /m, line);
    await machine.switchOff();
    assertClean(image);
    assert.match(tool('dumpe2fs', ['-h', image]), /volume name:\s+mine[^]*state:\s+clean/);
    assert.equal(debugfs(image, 'cat /three'), 'first line\nsecond line\n');
    assert.equal(debugfs(image, 'cat /hard'), 'first line\nsecond line\n');
    assert.match(debugfs(image, 'stat /hard'), /Links: 2/);
    assert.match(debugfs(image, 'stat /soft'), /Fast link dest: "a\/b\/two"/);
    assert.doesNotMatch(debugfs(image, 'ls /a'), / b /);
  });

  it('finds partitions that the host made', async () => {
    const image = emptyDisk(join(folder, 'parts.img'), 40);
    writeGpt(image, [
      { start: 2048, sectors: 20480, name: 'first' },
      { start: 24576, sectors: 30000, name: 'second' },
    ]);
    machine = await ShellMachine.boot(kernel, [image]);
    const disks = await machine.ask('disks');
    assert.match(disks, /^vda1 +10240 KB$/m);
    assert.match(disks, /^vda2 +15000 KB$/m);
    await machine.ask('mkfs vda2');
    await machine.ask('mount vda2 /mnt');
    await machine.ask('write /mnt/here on the second partition');
    assert.match(await machine.ask('mkfs vda'), /busy/);
    assert.match(await machine.ask('mkfs vda1'), /empty ext2/);
    await machine.switchOff();
    const second = join(folder, 'second.img');
    writeFileSync(second, readFileSync(image).subarray(24576 * 512, (24576 + 30000) * 512));
    assertClean(second);
    assert.equal(debugfs(second, 'cat /here'), 'on the second partition\n');
  });

  it('takes a disk for its root', async () => {
    const image = emptyDisk(join(folder, 'root.img'), 20);
    machine = await ShellMachine.boot(kernel, [image]);
    await machine.ask('mkfs vda');
    await machine.ask('mount vda /mnt');
    await machine.ask('write /mnt/here I am the root');
    await machine.switchOff();
    machine = await ShellMachine.boot(kernel, [image], ['-append', 'root=vda']);
    assert.match(machine.text, /^\[FS\] Mounted vda at \/\r?$/m);
    assert.equal(await machine.ask('cat /here'), 'I am the root\n');
    assert.match(await machine.ask('mount'), /vda on \/ type ext2[^]*devfs on \/dev/);
    await machine.ask('write /there written to the root');
    await machine.switchOff();
    assertClean(image);
    assert.equal(debugfs(image, 'cat /there'), 'written to the root\n');
  });

  it('takes a root from the boot loader on top of its own', async () => {
    const archive = join(folder, 'more.cpio');
    const packer = hostTool('x86_64', 'fs/mkcpio');
    mkdirSync(join(folder, 'more/etc'), { recursive: true });
    writeFileSync(join(folder, 'more/etc/extra'), 'from outside\n');
    execFileSync(packer, [archive, join(folder, 'more')]);
    machine = await ShellMachine.boot(kernel, [], ['-initrd', archive]);
    assert.equal(await machine.ask('cat /etc/extra'), 'from outside\n');
    assert.match(await machine.ask('cat /etc/hostname'), /auton/);
    await machine.kill();
    // A damaged one is reported, and what came before the damage is there.
    writeFileSync(archive, readFileSync(archive).subarray(0, 240));
    machine = await ShellMachine.boot(kernel, [], ['-initrd', archive]);
    assert.match(machine.text, /\[FS\] Initramfs .*Damaged data/);
    assert.match(await machine.ask('cat /etc/hostname'), /auton/);
  });

  it(`keeps synced files whole when the power goes, ${MACHINE_CUTS} times`, async function () {
    this.timeout(300_000 + MACHINE_CUTS * 40_000);
    const image = emptyDisk(join(folder, 'cut.img'), 24);
    for (let round = 0; round < MACHINE_CUTS; round++) {
      machine = await ShellMachine.boot(kernel, [image]);
      await machine.ask('mkfs vda');
      await machine.ask('mount vda /mnt');
      for (let i = 0; i < 4; i++) await machine.ask(`write /mnt/kept${i} round ${round} file ${i}`);
      await machine.ask('cp -r /etc /mnt/etc');
      await machine.ask('sync');
      for (let i = 0; i < 4; i++) {
        machine.type(`cp -r /proc /mnt/unsynced${i}`);
        machine.type(`rm -r /mnt/unsynced${i - 1}`);
        machine.type('sync');
      }
      await sleep(Math.random() * 400);
      await machine.kill();
      const { status, stdout } = spawnSync('e2fsck', ['-fy', image], {
        env: { ...process.env, PATH },
        encoding: 'utf8',
      });
      assert.ok(status !== null && status <= 1, stdout);
      assertClean(image);
      for (let i = 0; i < 4; i++) assert.equal(debugfs(image, `cat /kept${i}`), `round ${round} file ${i}\n`);
      assert.equal(debugfs(image, 'cat /etc/hostname'), 'auton\n');
    }
  });

  it(`loses nothing that was synced in any order of a disk's writes, ${MODEL_CUTS} cuts`, function () {
    this.timeout(300_000 + MODEL_CUTS * 5_000);
    const program = buildHostProgram(folder, 'crash');
    const output = execFileSync(
      program,
      [String(1 + MODEL_CUTS), String(MODEL_CUTS), join(folder, 'model.img')],
      {
        env: { ...process.env, PATH },
        encoding: 'utf8',
      },
    );
    assert.match(output, new RegExp(`^${MODEL_CUTS} cuts in \\d{3,} writes`));
  });
});

/** The kernel's own file systems as an ordinary program, with sanitizers. */
function buildHostProgram(folder: string, name: string): string {
  const files = [
    'inode',
    'path',
    'name_cache',
    'mount',
    'tree',
    'file',
    'query',
    'whole_file',
    'ramfs',
    'ramfs_data',
    'cpio',
  ];
  const sources = [
    ...[...files, 'cache', 'ramdisk'].map((file) => `fs/${file}.c`),
    ...['ext2', 'partition'].flatMap((part) =>
      readdirSync(join(referenceKernel, 'fs', part))
        .filter((file) => file.endsWith('.c') && !file.endsWith('_test.c'))
        .map((file) => `fs/${part}/${file}`),
    ),
    ...['dev/block.c', 'lib/crc32.c', 'lib/printf.c'],
    ...[join(HERE, 'host.c'), join(HERE, `${name}.c`)],
  ];
  const program = join(folder, name);
  const checks = ['-g', '-O1', '-fno-builtin', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const includes = ['-Iinclude', '-Iarch/x86_64/include', '-Ifs', `-I${HERE}`];
  execFileSync('cc', ['-std=gnu11', ...checks, ...includes, '-o', program, ...sources], {
    cwd: referenceKernel,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return program;
}
