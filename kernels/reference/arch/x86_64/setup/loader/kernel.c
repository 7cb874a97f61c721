/* The kernel as an ELF file of 64 bits: its parts go to their physical addresses. A note with a checksum of the parts,
 * which the installer writes, tells a damaged file from a whole one. */
#include "loader.h"
#include <auton/crc32.h>
#include <auton/elf.h>

#define MOST_HEADERS 16
#define MOST_NOTE_BYTES 256
#define HIGH_MEMORY 0x100000

static struct elf64_program headers[MOST_HEADERS];

static void load_part(const struct file *file, const struct elf64_program *h, uint32_t *sum) {
    if (!h->memory_bytes)
        return;
    if (h->physical < HIGH_MEMORY || h->physical >> 32 || h->memory_bytes >> 31 || !memory_is_usable(h->physical, h->memory_bytes))
        stop("this machine has too little memory for the kernel");
    if (h->file_bytes > h->memory_bytes || h->offset >> 32)
        stop("/boot/kernel.elf is damaged");
    uint8_t *to = memory_at(h->physical);
    uint32_t bytes = (uint32_t)h->file_bytes;
    file_read(file, (uint32_t)h->offset, bytes, to);
    memset(to + bytes, 0, (uint32_t)h->memory_bytes - bytes);
    *sum = crc32(to, bytes, *sum);
}

/* The description of the note by that name and type, or NULL: at least four bytes. */
static const uint32_t *find_note(const uint8_t *notes, uint32_t size, const char *name, uint32_t type) {
    while (size >= sizeof(struct elf64_note)) {
        const struct elf64_note *n = (const void *)notes;
        uint32_t name_bytes = n->name_bytes, bytes = n->bytes;
        if (name_bytes > MOST_NOTE_BYTES || bytes > MOST_NOTE_BYTES)
            return NULL;
        uint32_t at = sizeof *n + (uint32_t)ALIGN_UP(name_bytes, 4), next = at + (uint32_t)ALIGN_UP(bytes, 4);
        if (next > size)
            return NULL;
        if (n->type == type && bytes >= 4 && name_bytes == strlen(name) + 1 && memcmp(n + 1, name, name_bytes) == 0)
            return (const void *)(notes + at);
        notes += next;
        size -= next;
    }
    return NULL;
}

uint32_t kernel_load(const struct file *file) {
    static struct elf64_header elf;
    static uint8_t notes[MOST_NOTE_BYTES] __attribute__((aligned(4)));
    uint32_t entry = 0, sum = 0, expected = 0;
    bool has_sum = false;
    if (file->size < sizeof elf)
        stop("/boot/kernel.elf is no kernel");
    file_read(file, 0, sizeof elf, &elf);
    if (memcmp(elf.magic, ELF_MAGIC, sizeof elf.magic) != 0 || elf.class != ELF_CLASS_64 ||
        elf.program_bytes != sizeof *headers || elf.programs > MOST_HEADERS || elf.program_offset >> 32)
        stop("/boot/kernel.elf is no kernel");
    file_read(file, (uint32_t)elf.program_offset, elf.programs * (uint32_t)sizeof *headers, headers);
    for (uint32_t i = 0; i < elf.programs; i++) {
        const struct elf64_program *h = &headers[i];
        if (h->type == ELF_LOAD)
            load_part(file, h, &sum);
        if (h->type != ELF_NOTE || h->file_bytes > sizeof notes || h->offset >> 32)
            continue;
        uint32_t bytes = (uint32_t)h->file_bytes;
        const uint32_t *found;
        file_read(file, (uint32_t)h->offset, bytes, notes);
        if ((found = find_note(notes, bytes, ELF_XEN, ELF_XEN_PHYS32_ENTRY)))
            entry = *found;
        if ((found = find_note(notes, bytes, ELF_AUTON, ELF_AUTON_CHECKSUM))) {
            expected = *found;
            has_sum = true;
        }
    }
    if (has_sum && sum != expected)
        stop("/boot/kernel.elf is damaged");
    if (!entry)
        stop("/boot/kernel.elf has no PVH entry");
    return entry;
}
