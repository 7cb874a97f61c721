/** Inputs to begin with for what file systems and packages read. */

const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
const upTo = (bytes: Buffer, unit: number) =>
  Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)]);

function cpioEntry(name: string, mode: number, data: string, nlink = 1): Buffer {
  const fields = [2, mode, 0, 0, nlink, 0, data.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = Buffer.from(`070701${fields.map(hex).join('')}${name}\0`);
  return Buffer.concat([upTo(header, 4), upTo(Buffer.from(data), 4)]);
}

export const cpioArchives = (): Buffer[] => [
  Buffer.concat([
    cpioEntry('d', 0o40755, ''),
    cpioEntry('d/file', 0o100644, 'hello'),
    cpioEntry('d/link', 0o120777, 'file'),
    cpioEntry('TRAILER!!!', 0, ''),
  ]),
];

const MBR_TABLE = 446;
function sector(where: number, entries: [type: number, start: number, count: number][]): Buffer {
  const piece = Buffer.alloc(2 + 512);
  piece.writeUInt16LE(where, 0);
  entries.forEach(([type, start, count], i) => {
    const at = 2 + MBR_TABLE + 16 * i;
    piece[at + 4] = type;
    piece.writeUInt32LE(start, at + 8);
    piece.writeUInt32LE(count, at + 12);
  });
  piece.writeUInt16LE(0xaa55, 2 + 510);
  return piece;
}

export const partitionTables = (): Buffer[] => [
  sector(0, [
    [0x83, 64, 100],
    [0x82, 164, 50],
  ]),
  Buffer.concat([
    sector(0, [[0x05, 100, 1000]]),
    sector(100, [
      [0x83, 2, 100],
      [0x05, 200, 100],
    ]),
    sector(300, [[0x83, 1, 50]]),
  ]),
  sector(0, [[0xee, 1, 4095]]),
];

const SUM = `sha256:${'0123456789abcdef'.repeat(4)}`;
const MANIFEST = `name=x\nversion=1.2\ndepends=a, b>=2.0\nfile=/usr/x,data/x,755,${SUM}\n`;

function tarEntry(name: string, data: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(data.length.toString(8).padStart(11, '0'), 124);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0`, 148);
  return Buffer.concat([header, upTo(Buffer.from(data), 512)]);
}

export const packages = (): Buffer[] => [
  Buffer.from(`M${MANIFEST}`),
  Buffer.concat([tarEntry('MANIFEST', MANIFEST), tarEntry('data/x', 'contents'), Buffer.alloc(1024)]),
];
