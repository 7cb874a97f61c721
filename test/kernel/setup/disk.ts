import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Controller } from '../fs/machine.ts';

const run = promisify(execFile);
const SECTOR = 512;
const FIRST_PARTITION = 1 << 20;
const PT_LOAD = 1;

export const ahciDisk: Controller = (drive) => [
  ...['-device', 'ich9-ahci,id=hba'],
  ...['-device', `ide-hd,drive=${drive},bus=hba.0`],
];
export const nvmeDisk: Controller = (drive) => ['-device', `nvme,drive=${drive},serial=${drive}`];

/** The first partition of an installed disk, as the e2fsprogs name it. */
export const partition = (disk: string) => `${disk}?offset=${String(FIRST_PARTITION)}`;

/** Checksums of what an ELF file puts into memory, by physical address; zeros that end a part do not count. */
export function loadedParts(file: string): Record<string, string> {
  const elf = readFileSync(file);
  const at = Number(elf.readBigUInt64LE(32));
  const parts: Record<string, string> = {};
  for (let i = 0; i < elf.readUInt16LE(56); i++) {
    const header = elf.subarray(at + 56 * i);
    const [offset, , physical, bytes] = [8, 16, 24, 32].map((field) => Number(header.readBigUInt64LE(field)));
    if (header.readUInt32LE(0) !== PT_LOAD || !bytes) continue;
    const contents = elf.subarray(offset, offset! + bytes);
    const length = contents.findLastIndex((byte) => byte !== 0) + 1;
    parts[physical!.toString(16)] = createHash('sha256').update(contents.subarray(0, length)).digest('hex');
  }
  return parts;
}

interface Damage {
  damage: (bytes: Buffer, disk: string) => Promise<void> | void;
  says: RegExp;
}

/** Ways in which an installed disk is damaged, and what it says then. `code` is a piece of the kernel's code. */
export function damages(code: Buffer): Damage[] {
  const change = (find: (bytes: Buffer) => number) => (bytes: Buffer, disk: string) => {
    const at = find(bytes);
    bytes[at] = bytes[at]! ^ 0x10;
    writeFileSync(disk, bytes);
  };
  const debugfs = (command: string) => async (_: Buffer, disk: string) => {
    await run('debugfs', ['-w', '-R', command, partition(disk)]);
  };
  const cannot = (why: string) => new RegExp(`AUTON cannot start from this disk: ${why}\\.\\r?\\n`);
  return [
    { damage: change(() => 64 * SECTOR + 700), says: /AUTON: the boot loader on this disk is damaged\r\n/ },
    { damage: change((bytes) => bytes.indexOf(code) + 7), says: cannot('/boot/kernel.elf is damaged') },
    { damage: change(() => FIRST_PARTITION + 1024 + 56), says: cannot('there is no ext2 file system .*') },
    { damage: debugfs('rm /boot/kernel.elf'), says: cannot('there is no /boot/kernel.elf on it') },
    { damage: debugfs('sif /boot/kernel.elf size 5000'), says: cannot('a file on it ends too early') },
    {
      damage: debugfs('sif /boot/kernel.elf block[IND] 0xFFFFFFF'),
      says: cannot('its file system is damaged'),
    },
  ];
}
