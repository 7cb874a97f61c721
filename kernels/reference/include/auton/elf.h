/* ELF files of 64 bits, as far as a kernel image needs them. */
#pragma once
#include <auton/types.h>

#define ELF_MAGIC "\177ELF"
#define ELF_CLASS_64 2
#define ELF_LITTLE_ENDIAN 1
#define ELF_EXECUTABLE 2
#define ELF_X86_64 62
enum elf_program_type { ELF_LOAD = 1, ELF_NOTE = 4 };
enum elf_program_flags { ELF_EXECUTE = 1, ELF_WRITE = 2, ELF_READ = 4 };

struct elf64_header {
    uint8_t magic[4], class, data, version, padding[9];
    uint16_t type, machine;
    uint32_t file_version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_bytes, programs, section_bytes, sections, names;
};
struct elf64_program {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};
struct elf64_note { /* then the name and the description, each filled up to four bytes */
    uint32_t name_bytes, bytes, type;
};

/* The entry of the PVH protocol, a physical address. */
#define ELF_XEN "Xen"
#define ELF_XEN_PHYS32_ENTRY 18
/* CRC-32 over the file's loadable parts, in the order of their headers: written by the installer, checked by its loader. */
#define ELF_AUTON "AUTON"
#define ELF_AUTON_CHECKSUM 1
