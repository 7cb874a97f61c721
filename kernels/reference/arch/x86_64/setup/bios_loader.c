/* A disk that a PC's BIOS starts: our code in the first sector in front of the partition table, the loader in the gap before
 * the first partition, the kernel and its command line as files. */
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "../../../setup/self_start.h"
#include "own_image.h"

#define LOADER_SECTOR 64 /* behind the entries of a GPT */
#define CODE_BYTES 440   /* of the first sector; then come the disk's signature and the table */

/* The end of that code is what mbr.asm leaves to the installer. */
struct PACKED fields {
    uint64_t partition;
    uint32_t loader_sum;
    uint8_t packet[2];
    uint16_t loader_sectors;
    uint16_t to[2];
    uint64_t loader_sector;
};

extern const uint8_t boot_code[], loader_start[], loader_end[]; /* loader/image.S */

static uint32_t sum_of(const uint8_t *p, size_t bytes) {
    uint32_t sum = 0, word;
    for (; bytes; bytes -= sizeof word, p += sizeof word) {
        memcpy(&word, p, sizeof word);
        sum = (sum << 1 | sum >> 31) + word;
    }
    return sum;
}

static int write_loader(const struct self_start *target) {
    size_t bytes = (size_t)(loader_end - loader_start); /* whole sectors */
    uint32_t sectors = (uint32_t)(bytes / BLOCK_SECTOR);
    if (target->first_sector < LOADER_SECTOR + sectors)
        return -ENOSPC;
    uint8_t *buffer = kmalloc(bytes); /* disks read from the heap, not from the kernel's image */
    if (!buffer)
        return -ENOMEM;
    memcpy(buffer, loader_start, bytes);
    struct fields fields;
    memcpy(&fields, boot_code + CODE_BYTES - sizeof fields, sizeof fields);
    fields.partition = target->first_sector;
    fields.loader_sum = sum_of(buffer, bytes);
    fields.loader_sectors = (uint16_t)sectors;
    fields.loader_sector = LOADER_SECTOR;
    int result = block_write(target->disk, LOADER_SECTOR, sectors, buffer);
    if (result == 0)
        result = block_read(target->disk, 0, 1, buffer);
    if (result == 0) {
        memcpy(buffer, boot_code, CODE_BYTES - sizeof fields);
        memcpy(buffer + CODE_BYTES - sizeof fields, &fields, sizeof fields);
        result = block_write(target->disk, 0, 1, buffer);
    }
    kfree(buffer);
    return result ? result : block_flush(target->disk);
}

static int install(const struct self_start *target) {
    char path[64];
    ksnprintf(path, sizeof path, "%s/boot", target->root);
    int result = vfs_mkdir_all(path, 0755);
    ksnprintf(path, sizeof path, "%s/boot/kernel.elf", target->root);
    if (result == 0)
        result = own_image_write(path);
    ksnprintf(path, sizeof path, "%s/boot/cmdline", target->root);
    if (result == 0)
        result = vfs_write_file(path, target->cmdline, strlen(target->cmdline));
    if (result == 0)
        result = vfs_sync();
    return result ? result : write_loader(target);
}

static void bios_loader_init(void) {
    self_start_hook = install;
    self_start_firmware = "AUTON's loader for a BIOS";
}
INITCALL(INIT_EARLY, bios_loader_init);
