import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { UserError } from '../protocol/errors.ts';
import type { ArchitectureProfile } from './architectures.ts';

const ELF_MAGIC = 0x7f454c46;
const PT_LOAD = 1;
/** `ARM\x64`, 56 bytes into the header that a boot loader for arm64 looks for. */
const ARM64_MAGIC = 0x644d5241;
const ARM64_MAGIC_AT = 56;
/** Memory that lies far apart would make a file of nothing. */
const MAX_IMAGE_BYTES = 1 << 30;

/**
 * The file that QEMU's `-kernel` takes for a kernel. QEMU tells a kernel for arm64 where its device tree is only if it
 * comes as an image, without ELF around it: such a one is written beside the kernel, under the same name with
 * `.Image`. Any other kernel is taken as it is.
 */
export function bootImage(kernel: string, profile: ArchitectureProfile): string {
  if (profile.bootImage === 'elf') return kernel;
  const elf = readFileSync(kernel);
  const image = isElf64(elf) ? flatImage(elf) : undefined;
  if (image === undefined || !isArm64Image(image)) return kernel;
  const file = `${kernel.replace(/\.elf$/, '')}.Image`;
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, image);
  renameSync(temporary, file);
  return file;
}

/** What the loadable parts of an ELF file come to in memory, from the lowest physical address on. */
function flatImage(elf: Buffer): Buffer {
  const segments = loadSegments(elf).filter(({ bytes }) => bytes.length > 0);
  const start = Math.min(...segments.map(({ address }) => address));
  const end = Math.max(...segments.map(({ address, bytes }) => address + bytes.length));
  if (segments.length === 0) return Buffer.alloc(0);
  if (end - start > MAX_IMAGE_BYTES) {
    throw new UserError(
      `The kernel's parts lie ${Math.floor((end - start) / 2 ** 20)} MB apart in memory.`,
      'Give its segments physical addresses beside each other (AT in the linker script).',
    );
  }
  const image = Buffer.alloc(end - start);
  for (const { address, bytes } of segments) bytes.copy(image, address - start);
  return image;
}

function loadSegments(elf: Buffer): { address: number; bytes: Buffer }[] {
  const at = Number(elf.readBigUInt64LE(32));
  const entryBytes = elf.readUInt16LE(54);
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const header = elf.subarray(at + index * entryBytes, at + (index + 1) * entryBytes);
    if (header.length < 56 || header.readUInt32LE(0) !== PT_LOAD) return [];
    const offset = Number(header.readBigUInt64LE(8));
    const size = Number(header.readBigUInt64LE(32));
    return [{ address: Number(header.readBigUInt64LE(24)), bytes: elf.subarray(offset, offset + size) }];
  }).flat();
}

function isElf64(file: Buffer): boolean {
  return file.length >= 64 && file.readUInt32BE(0) === ELF_MAGIC && file[4] === 2;
}

function isArm64Image(image: Buffer): boolean {
  return image.length >= 64 && image.readUInt32LE(ARM64_MAGIC_AT) === ARM64_MAGIC;
}
