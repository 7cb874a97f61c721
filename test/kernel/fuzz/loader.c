/* The boot loader of installed disks and a small disk in which bytes are changed: an input is places and values. The loader
 * looks for its kernel and loads it, or says why not; it ends, and writes nowhere but where the kernel may lie. */
#include <setjmp.h>
#include "disk.h"
#include <auton/crc32.h>
#include <auton/elf.h>
#include <auton/errno.h>
#include "../../../kernels/reference/arch/x86_64/setup/loader/loader.h"

#define KERNEL_AT MB(1)
#define KERNEL_BYTES KB(20) /* over the direct blocks of 1 KB */
#define MEMORY_BYTES KB(64)
#define CHUNK 64u

static uint8_t memory[MEMORY_BYTES];
static uint32_t written[DISK_BYTES / CHUNK], written_count; /* where the chunks begin that are not all zeros */
static jmp_buf stopped;

uint8_t transfer[TRANSFER_BYTES], pointer_blocks[LEVELS][4096];

void stop(const char *reason) {
    touch(reason, strlen(reason));
    longjmp(stopped, 1);
}

const uint8_t *disk_read(uint64_t sector, uint32_t bytes) {
    PROMISE(bytes <= TRANSFER_BYTES);
    if (sector >= DISK_BYTES / SECTOR || bytes > DISK_BYTES - sector * SECTOR)
        stop("beyond the disk's end");
    memcpy(transfer, medium + sector * SECTOR, bytes);
    return transfer;
}

bool memory_is_usable(uint64_t from, uint64_t bytes) {
    return from >= KERNEL_AT && bytes <= MEMORY_BYTES && from - KERNEL_AT <= MEMORY_BYTES - bytes;
}

uint8_t *memory_at(uint64_t physical) {
    return memory + (physical - KERNEL_AT);
}

/* A kernel of one part, with both notes. */
static void write_kernel(void) {
    static struct {
        struct elf64_header elf;
        struct elf64_program programs[2];
        struct {
            struct elf64_note note;
            char name[4];
            uint32_t entry;
        } entry;
        struct {
            struct elf64_note note;
            char name[8];
            uint32_t sum;
        } sum;
        uint8_t part[KERNEL_BYTES];
    } kernel = {.elf = {.magic = ELF_MAGIC, .class = ELF_CLASS_64, .program_bytes = sizeof(struct elf64_program), .programs = 2},
                .entry = {{sizeof ELF_XEN, 4, ELF_XEN_PHYS32_ENTRY}, ELF_XEN, KERNEL_AT},
                .sum = {{sizeof ELF_AUTON, 4, ELF_AUTON_CHECKSUM}, ELF_AUTON, 0}};
    kernel.elf.program_offset = (uint64_t)((uint8_t *)kernel.programs - (uint8_t *)&kernel);
    kernel.programs[0] = (struct elf64_program){.type = ELF_LOAD, .offset = (uint64_t)(kernel.part - (uint8_t *)&kernel),
                                                .physical = KERNEL_AT, .file_bytes = KERNEL_BYTES, .memory_bytes = KB(40)};
    kernel.programs[1] = (struct elf64_program){.type = ELF_NOTE, .offset = (uint64_t)((uint8_t *)&kernel.entry - (uint8_t *)&kernel),
                                                .file_bytes = sizeof kernel.entry + sizeof kernel.sum};
    for (size_t i = 0; i < sizeof kernel.part; i += KB(1))
        kernel.part[i] = (uint8_t)(1 + i / KB(1));
    kernel.sum.sum = crc32(kernel.part, sizeof kernel.part, 0);
    PROMISE(vfs_write_file("/m/boot/kernel.elf", &kernel, sizeof kernel) == 0);
}

static void start(void) {
    struct file file;
    disk_make();
    PROMISE(vfs_mkdir("/m/boot", 0755) == 0);
    write_kernel();
    disk_keep();
    static const uint8_t zeros[CHUNK];
    for (uint32_t at = 0; at < DISK_BYTES; at += CHUNK)
        if (memcmp(sound + at, zeros, CHUNK) != 0)
            written[written_count++] = at;
    PROMISE(setjmp(stopped) == 0);
    volume_use(0);
    PROMISE(file_find("/boot/kernel.elf", &file) && !file_find("/boot/none", &file) && file_find("/boot/kernel.elf", &file));
    PROMISE(kernel_load(&file) == KERNEL_AT && memory[KERNEL_BYTES - KB(1)] == KERNEL_BYTES / KB(1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    struct file file;
    if (!started)
        start();
    started = true;
    memcpy(medium, sound, sizeof medium);
    for (; size >= 3; data += 3, size -= 3) {
        uint32_t place = (data[0] | (uint32_t)data[1] << 8) % (written_count * CHUNK);
        medium[written[place / CHUNK] + place % CHUNK] = data[2];
    }
    if (setjmp(stopped) == 0) {
        volume_use(0);
        if (file_find("/boot/kernel.elf", &file))
            touch(memory, kernel_load(&file) ? sizeof memory : 0);
    }
    return 0;
}
