import type { Architecture } from '../protocol/roles.ts';

const LOAD_ADDRESS = 0x10_0000;
const ELF_HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const NOTE_AT = ELF_HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES;
const NOTE_BYTES = 20;
const CODE_AT = NOTE_AT + NOTE_BYTES;

/** 32-bit code: counts to 20 million, polls the serial port 1000 times, sends one byte, ends QEMU with status 0. */
const X86_CODE = [
  ...[0xb9, ...word32(20_000_000)], //  mov ecx, 20000000
  ...[0x49, 0x75, 0xfd], //             1: dec ecx; jnz 1b
  ...[0xb9, ...word32(1000)], //        mov ecx, 1000
  ...[0x66, 0xba, 0xfd, 0x03], //       mov dx, 0x3fd
  ...[0xec, 0x49, 0x75, 0xfc], //       2: in al, dx; dec ecx; jnz 2b
  ...[0x66, 0xba, 0xf8, 0x03], //       mov dx, 0x3f8
  ...[0xb0, 0x2e, 0xee], //             mov al, '.'; out dx, al
  ...[0x66, 0xba, 0xf4, 0x00], //       mov dx, 0xf4
  ...[0x30, 0xc0, 0xee], //             xor al, al; out dx, al
  ...[0xf4, 0xeb, 0xfd], //             3: hlt; jmp 3b
];

/**
 * The smallest kernel that computes, touches a device and ends: what an accelerator must do well. An ELF image that
 * QEMU starts by its PVH note; undefined for architectures that have none.
 */
export function payload(architecture: Architecture): Uint8Array | undefined {
  if (architecture !== 'x86_64') return undefined;
  const size = CODE_AT + X86_CODE.length;
  const entry = LOAD_ADDRESS + CODE_AT;
  return Uint8Array.from([
    // ELF32, little endian, executable, 386.
    ...[0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, ...new Array<number>(9).fill(0)],
    ...[2, 0, 3, 0, ...word32(1), ...word32(entry), ...word32(ELF_HEADER_BYTES), ...word32(0), ...word32(0)],
    ...[ELF_HEADER_BYTES, 0, PROGRAM_HEADER_BYTES, 0, 2, 0, 40, 0, 0, 0, 0, 0],
    // PT_LOAD of the whole file, PT_NOTE.
    ...[1, 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 5, 4096].flatMap(word32),
    ...[4, NOTE_AT, LOAD_ADDRESS + NOTE_AT, LOAD_ADDRESS + NOTE_AT, NOTE_BYTES, NOTE_BYTES, 4, 4].flatMap(
      word32,
    ),
    // XEN_ELFNOTE_PHYS32_ENTRY
    ...[...[4, 4, 18].flatMap(word32), 0x58, 0x65, 0x6e, 0, ...word32(entry)],
    ...X86_CODE,
  ]);
}

function word32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];
}
