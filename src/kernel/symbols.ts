import { readFileSync } from 'node:fs';

const ELF_MAGIC = 0x7f454c46;
const SHT_SYMTAB = 2;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;

/** What an ELF file of 64 bits says of itself. */
export interface ElfSymbols {
  /** Bytes of the whole file. */
  bytes: number;
  /** Value by name. */
  symbols: ReadonlyMap<string, bigint>;
  /** Bytes by name. */
  sections: ReadonlyMap<string, number>;
}

/** Reads a kernel's symbols and sections; null when the file is no whole ELF file of 64 bits, little endian. */
export function readSymbols(file: string): ElfSymbols | null {
  const elf = readFileSync(file);
  try {
    if (elf.readUInt32BE(0) !== ELF_MAGIC || elf[4] !== 2 || elf[5] !== 1) return null;
    return parse(elf);
  } catch (error) {
    if (error instanceof RangeError) return null; // a table that lies behind the end of the file
    throw error;
  }
}

interface Section {
  name: number;
  type: number;
  offset: number;
  size: number;
  link: number;
}

function parse(elf: Buffer): ElfSymbols {
  const at = Number(elf.readBigUInt64LE(40));
  const sections = Array.from({ length: elf.readUInt16LE(60) }, (_, i): Section => {
    const header = elf.subarray(at + i * SECTION_BYTES, at + (i + 1) * SECTION_BYTES);
    return {
      name: header.readUInt32LE(0),
      type: header.readUInt32LE(4),
      offset: Number(header.readBigUInt64LE(24)),
      size: Number(header.readBigUInt64LE(32)),
      link: header.readUInt32LE(40),
    };
  });
  const names = sections[elf.readUInt16LE(62)];
  const symbols = new Map<string, bigint>();
  for (const table of sections.filter(({ type }) => type === SHT_SYMTAB)) {
    const strings = sections[table.link];
    for (let entry = table.offset; strings && entry < table.offset + table.size; entry += SYMBOL_BYTES) {
      symbols.set(textAt(elf, strings.offset + elf.readUInt32LE(entry)), elf.readBigUInt64LE(entry + 8));
    }
  }
  return {
    bytes: elf.length,
    symbols,
    sections: new Map(sections.map(({ name, size }) => [textAt(elf, (names?.offset ?? 0) + name), size])),
  };
}

function textAt(elf: Buffer, start: number): string {
  return elf.toString('latin1', start, elf.indexOf(0, start));
}
