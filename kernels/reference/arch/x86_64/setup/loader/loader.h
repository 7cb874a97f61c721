/* The boot loader of installed disks: a program of 32 bits that reads the kernel from an ext2 file system by the BIOS.
 * Whatever goes wrong ends in stop(), which says what it was. */
#pragma once
#include <auton/string.h>

#define SECTOR 512

/* Memory below 1 MB: 0x7C00 the boot sector, under it the stack; from 0x8000 the loader; then these two (loader.ld). */
#define TRANSFER_BYTES 0x8000
#define LEVELS 3
extern uint8_t transfer[TRANSFER_BYTES];
extern uint8_t pointer_blocks[LEVELS][4096]; /* one block of block numbers for each level of indirection */

/* start.asm */
struct bios_registers {
    uint32_t eax, ebx, ecx, edx, esi, edi;
    uint16_t flags, unused;
};
#define BIOS_CARRY 1
void bios_int(uint32_t vector, struct bios_registers *registers);
void enter_kernel(uint32_t entry, const void *start_info) NORETURN;

/* firmware.c */
struct memory_entry {
    uint64_t base, size;
    uint32_t type, attributes;
};
#define MEMORY_USABLE 1
#define MEMORY_ENTRIES 100
extern struct memory_entry memory_map[MEMORY_ENTRIES];
extern uint32_t memory_entries;
void memory_find(void);
bool memory_is_usable(uint64_t from, uint64_t bytes);
uint8_t *memory_at(uint64_t physical);
void memory_open_high(void); /* addresses with bit 20 */
void disk_use(uint32_t drive);
/* Into `transfer`, where they stay until the next call: at most TRANSFER_BYTES. */
const uint8_t *disk_read(uint64_t sector, uint32_t bytes);

/* screen.c: on the screen and the first serial port. */
void say(const char *text);
void stop(const char *reason) NORETURN;

/* volume.c */
struct file {
    uint32_t size; /* bytes */
    uint32_t blocks[15];
};
void volume_use(uint64_t first_sector);
bool file_find(const char *path, struct file *file); /* a regular file; symbolic links are not followed */
void file_read(const struct file *file, uint32_t from, uint32_t bytes, void *to);

/* kernel.c: puts the parts of an ELF file where they belong; the address at which PVH enters it. */
uint32_t kernel_load(const struct file *file);
