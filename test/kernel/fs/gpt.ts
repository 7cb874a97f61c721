import { readFileSync, writeFileSync } from 'node:fs';

const SECTOR = 512;
const LINUX_DATA = Buffer.from('af3dc60f838472478e793d69d8477de4', 'hex');
const TABLE_SECTORS = 32;

function crc32(data: Buffer): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function header(at: number, other: number, table: number, last: number, entries: Buffer): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('EFI PART');
  bytes.writeUInt32LE(0x10000, 8);
  bytes.writeUInt32LE(92, 12);
  const places: [number, number][] = [
    [24, at],
    [32, other],
    [40, 2 + TABLE_SECTORS],
    [48, last],
    [72, table],
  ];
  for (const [offset, value] of places) bytes.writeBigUInt64LE(BigInt(value), offset);
  bytes.writeUInt32LE(128, 80);
  bytes.writeUInt32LE(128, 84);
  bytes.writeUInt32LE(crc32(entries), 88);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16);
  return bytes;
}

/** Writes a GPT with its copy at the end, and the MBR that protects it, as UEFI's specification says. */
export function writeGpt(
  image: string,
  partitions: { start: number; sectors: number; name: string }[],
): void {
  const disk = readFileSync(image);
  const end = disk.length / SECTOR - 1;
  const entries = Buffer.alloc(128 * 128);
  partitions.forEach(({ start, sectors, name }, i) => {
    const entry = entries.subarray(128 * i, 128 * (i + 1));
    LINUX_DATA.copy(entry);
    entry[16] = i + 1; // its own identifier
    entry.writeBigUInt64LE(BigInt(start), 32);
    entry.writeBigUInt64LE(BigInt(start + sectors - 1), 40);
    entry.write(name, 56, 'utf16le');
  });
  const last = end - TABLE_SECTORS - 1;
  disk[446 + 4] = 0xee;
  disk.writeUInt32LE(1, 446 + 8);
  disk.writeUInt32LE(end, 446 + 12);
  disk.writeUInt16LE(0xaa55, 510);
  header(1, end, 2, last, entries).copy(disk, SECTOR);
  entries.copy(disk, 2 * SECTOR);
  entries.copy(disk, (last + 1) * SECTOR);
  header(end, 1, last + 1, last, entries).copy(disk, end * SECTOR);
  writeFileSync(image, disk);
}
