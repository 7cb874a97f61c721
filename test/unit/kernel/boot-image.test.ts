import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { bootImage } from '../../../src/kernel/boot-image.ts';

const HEADER_BYTES = 64;
const SEGMENT_HEADER_BYTES = 56;
const { aarch64, x86_64 } = PROFILES;

interface Segment {
  type?: number;
  address: number;
  bytes: Buffer;
}

/** An ELF file of 64 bits with nothing in it but segments. */
function elf(segments: Segment[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  header.writeUInt16LE(SEGMENT_HEADER_BYTES, 54);
  header.writeUInt16LE(segments.length, 56);
  let offset = HEADER_BYTES + segments.length * SEGMENT_HEADER_BYTES;
  const headers = segments.map(({ type = 1, address, bytes }) => {
    const entry = Buffer.alloc(SEGMENT_HEADER_BYTES);
    entry.writeUInt32LE(type, 0);
    entry.writeBigUInt64LE(BigInt(offset), 8);
    entry.writeBigUInt64LE(0xffff_0000_0000_0000n + BigInt(address), 16);
    entry.writeBigUInt64LE(BigInt(address), 24);
    entry.writeBigUInt64LE(BigInt(bytes.length), 32);
    offset += bytes.length;
    return entry;
  });
  return Buffer.concat([header, ...headers, ...segments.map(({ bytes }) => bytes)]);
}

/** The start of a kernel that says of itself that it is one for arm64. */
function arm64Head(): Buffer {
  const head = Buffer.alloc(128, 'h');
  head.write('ARM\x64', 56, 'latin1');
  return head;
}

describe('the image that QEMU boots', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-image-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, bytes: Buffer) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it('is what the ELF file comes to in memory, beside it', () => {
    const data = Buffer.from('data');
    const kernel = write(
      'kernel-aarch64.elf',
      elf([
        { address: 0x4009_0000, bytes: data },
        { address: 0x4008_0000, bytes: arm64Head() },
        { address: 0x4010_0000, bytes: Buffer.alloc(0) },
        { type: 4, address: 0, bytes: Buffer.from('a note') },
      ]),
    );
    const image = bootImage(kernel, aarch64);
    assert.equal(image, join(folder, 'kernel-aarch64.Image'));
    const bytes = readFileSync(image);
    assert.equal(bytes.length, 0x1_0000 + data.length);
    assert.deepEqual(bytes.subarray(0, 128), arm64Head());
    assert.deepEqual(bytes.subarray(0x1_0000), data);
    assert.ok(bytes.subarray(128, 0x1_0000).every((byte) => byte === 0));
  });

  it('follows the kernel', () => {
    const kernel = write('kernel.elf', elf([{ address: 0x1000, bytes: arm64Head() }]));
    bootImage(kernel, aarch64);
    write('kernel.elf', elf([{ address: 0x1000, bytes: Buffer.concat([arm64Head(), Buffer.from('new')]) }]));
    assert.equal(readFileSync(bootImage(kernel, aarch64)).subarray(128).toString(), 'new');
  });

  it('is the file itself where that is what QEMU takes, or it has no header for arm64', () => {
    const own = write('own.elf', elf([{ address: 0x1000, bytes: arm64Head() }]));
    assert.equal(bootImage(own, x86_64), own);
    for (const [name, bytes] of Object.entries({
      'plain.elf': elf([{ address: 0x1000, bytes: Buffer.alloc(128) }]),
      'empty.elf': elf([]),
      'cut.elf': elf([{ address: 0x1000, bytes: arm64Head() }]).subarray(0, 80),
      Image: arm64Head(),
      junk: Buffer.from('junk'),
    })) {
      const kernel = write(name, bytes);
      assert.equal(bootImage(kernel, aarch64), kernel, name);
    }
    assert.ok(!existsSync(join(folder, 'own.Image')));
  });

  it('refuses parts that lie far apart', () => {
    const parts = [0x4008_0000, 0x40_4008_0000].map((address) => ({ address, bytes: arm64Head() }));
    assert.throws(() => bootImage(write('kernel.elf', elf(parts)), aarch64), /apart in memory/);
  });
});
