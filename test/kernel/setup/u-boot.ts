import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bootImage } from '../../../src/kernel/boot-image.ts';
import type { ArchitectureProfile } from '../../../src/kernel/architectures.ts';
import { findProgram } from '../../../src/kernel/toolchain.ts';
import { ShellMachine, virtioDisk } from '../fs/machine.ts';
import { partition } from './disk.ts';

const run = promisify(execFile);

/** Where Debian's u-boot-qemu puts it, and how QEMU starts it. */
const FIRMWARE: Record<string, [option: string, file: string]> = {
  aarch64: ['-bios', '/usr/lib/u-boot/qemu_arm64/u-boot.bin'],
  riscv64: ['-kernel', '/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin'],
};

/** U-Boot's fixed addresses on RISC-V lie beyond the first 128 MB. */
const MEMORY = ['-m', '256'];

/** Installs a kernel on an empty disk and has U-Boot start that without any other kernel. */
export async function installForUBoot(
  test: Mocha.Context,
  profile: ArchitectureProfile,
  kernel: string,
  folder: string,
): Promise<void> {
  const firmware = FIRMWARE[profile.name]!;
  if (!existsSync(firmware[1]) || !findProgram('e2fsck', process.env)) {
    console.log('    U-Boot or e2fsck is missing');
    test.skip();
  }
  const disk = join(folder, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 32 << 20);
  const computer = { qemu: profile.qemu, machine: profile.machine, firmware };
  const boot = (image?: string) => ShellMachine.boot(image, [disk], MEMORY, virtioDisk, computer);

  const first = await boot(bootImage(kernel, profile));
  assert.match(await first.ask('install yourself on the disk'), /Plan for vda/);
  for (const said of [/one partition/, /ext2/, /files/, /U-Boot/, /Done/])
    assert.match(await first.ask('go'), said);
  await first.switchOff();

  const second = await boot();
  assert.match(second.text, /U-Boot 20/);
  assert.match(await second.ask('mount'), /vda1 on \/ type ext2/);
  await second.ask('write /etc/note kept');
  await second.switchOff();
  await run('e2fsck', ['-fn', partition(disk)]);
  const { stdout } = await run('debugfs', ['-R', 'cat /etc/note', partition(disk)]);
  assert.match(stdout, /^kept/);
}
