/* The ELF file that this kernel was loaded from, made of what lies in memory: code and tables are as they were, and of the
 * data boot.asm has kept a copy. So a kernel can install itself however it was started. */
#include "own_image.h"
#include <auton/arch.h>
#include <auton/crc32.h>
#include <auton/elf.h>
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/mm.h>
#include <auton/string.h>

/* linker.ld, all at the kernel's own addresses */
extern const uint8_t __boot_image[], __boot_note[], __boot_image_end[], __boot_entry[], __text_start[], __text_end[],
    __rodata_end[], __data_start[], __data_end[], __data_copy[], __kernel_end[];

enum { LOADED = 5, PROGRAMS = LOADED + 2 };
struct head {
    struct elf64_header elf;
    struct elf64_program programs[PROGRAMS];
    struct {
        struct elf64_note note;
        char name[ALIGN_UP(sizeof ELF_AUTON, 4)];
        uint32_t sum;
    } sum;
};
struct part {
    const uint8_t *bytes;            /* its contents */
    const uint8_t *at;               /* where it runs */
    uint64_t file_bytes, memory_bytes;
    uint32_t flags;
};

static struct part part(const uint8_t *from, const uint8_t *to, uint32_t flags) {
    return (struct part){from, from, (uint64_t)(to - from), (uint64_t)(to - from), flags};
}

static void find_parts(struct part parts[LOADED]) {
    const uint8_t *tables = (const uint8_t *)ALIGN_UP((uintptr_t)__boot_image_end, PAGE_SIZE); /* those of boot.asm */
    parts[0] = part(__boot_image, __boot_image_end, ELF_READ | ELF_EXECUTE);
    parts[1] = part(tables, __text_start, ELF_READ | ELF_WRITE);
    parts[1].file_bytes = 0;
    parts[2] = part(__text_start, __text_end, ELF_READ | ELF_EXECUTE);
    parts[3] = part(__text_end, __rodata_end, ELF_READ);
    parts[4] = part(__data_start, __kernel_end, ELF_READ | ELF_WRITE);
    parts[4].file_bytes = (uint64_t)(__data_end - __data_start);
    parts[4].bytes = __data_copy;
}

/* What runs before paging is linked at its physical address. */
static bool runs_low(const struct part *p) {
    return p->at < __text_start;
}

static void describe(struct head *h, const struct part *parts) {
    uint64_t offset = PAGE_SIZE;
    h->elf = (struct elf64_header){
        .magic = ELF_MAGIC, .class = ELF_CLASS_64, .data = ELF_LITTLE_ENDIAN, .version = 1, .type = ELF_EXECUTABLE,
        .machine = ELF_X86_64, .file_version = 1, .entry = virt_to_phys(__boot_entry),
        .program_offset = offsetof(struct head, programs), .header_bytes = sizeof h->elf,
        .program_bytes = sizeof h->programs[0], .programs = PROGRAMS};
    h->sum.note = (struct elf64_note){sizeof ELF_AUTON, sizeof h->sum.sum, ELF_AUTON_CHECKSUM};
    strlcpy(h->sum.name, ELF_AUTON, sizeof h->sum.name);
    for (unsigned i = 0; i < LOADED; i++) {
        const struct part *p = &parts[i];
        phys_addr_t physical = virt_to_phys(p->at);
        h->programs[i] = (struct elf64_program){ELF_LOAD, p->flags, offset, runs_low(p) ? physical : (uintptr_t)p->at,
                                                physical, p->file_bytes, p->memory_bytes, PAGE_SIZE};
        h->sum.sum = crc32(p->bytes, p->file_bytes, h->sum.sum);
        offset = ALIGN_UP(offset + p->file_bytes, PAGE_SIZE);
    }
    phys_addr_t note = virt_to_phys(__boot_note);
    uint64_t bytes = (uint64_t)(__boot_image_end - __boot_note);
    h->programs[LOADED] = (struct elf64_program){
        ELF_NOTE, ELF_READ, PAGE_SIZE + (uint64_t)(__boot_note - __boot_image), note, note, bytes, bytes, 4};
    h->programs[LOADED + 1] = (struct elf64_program){
        ELF_NOTE, ELF_READ, offsetof(struct head, sum), 0, 0, sizeof h->sum, 0, 4};
}

int own_image_write(const char *path) {
    struct part parts[LOADED];
    struct head *h = kzalloc(sizeof *h);
    int fd = h ? vfs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -ENOMEM;
    if (fd >= 0) {
        find_parts(parts);
        describe(h, parts);
    }
    int64_t n = fd < 0 ? fd : vfs_pwrite(fd, h, sizeof *h, 0);
    for (unsigned i = 0; n > 0 && i < LOADED; i++)
        if (parts[i].file_bytes) {
            n = vfs_pwrite(fd, parts[i].bytes, parts[i].file_bytes, h->programs[i].offset);
            n = n == (int64_t)parts[i].file_bytes ? n : n < 0 ? n : -ENOSPC;
        }
    if (fd >= 0)
        vfs_close(fd);
    kfree(h);
    return n < 0 ? (int)n : 0;
}
