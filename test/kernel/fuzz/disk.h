/* A small disk in memory, kept twice: as it was made, and as an input has damaged it. */
#pragma once
#include "fuzz.h"
#include <auton/string.h>
#include "../../../kernels/reference/fs/fs_internal.h"

#define DISK_BYTES KB(128)

static uint8_t sound[DISK_BYTES], medium[DISK_BYTES];

static int read(block_device_t *disk, uint64_t sector, uint32_t count, void *buffer) {
    (void)disk;
    memcpy(buffer, medium + sector * BLOCK_SECTOR, (size_t)count * BLOCK_SECTOR);
    return 0;
}
static int write(block_device_t *disk, uint64_t sector, uint32_t count, const void *buffer) {
    (void)disk;
    memcpy(medium + sector * BLOCK_SECTOR, buffer, (size_t)count * BLOCK_SECTOR);
    return 0;
}

/* The medium with an empty ext2 at /m, for the seed's files; disk_keep() unmounts it and keeps it. */
static void disk_make(void) {
    extern struct fs_type ramfs_type, ext2_type;
    static const struct block_ops ops = {read, write, NULL};
    static block_device_t disk = {.name = "vda", .sectors = DISK_BYTES / BLOCK_SECTOR, .ops = &ops};
    fs_register_type(&ramfs_type);
    fs_register_type(&ext2_type);
    PROMISE(block_register(&disk) == 0 && ext2_format(&disk, "fuzz") == 0);
    PROMISE(vfs_mount(NULL, "/", "ramfs", 0) == 0 && vfs_mkdir("/m", 0755) == 0);
    PROMISE(vfs_mount("vda", "/m", "ext2", 0) == 0);
}

static void disk_keep(void) {
    PROMISE(vfs_umount("/m") == 0);
    memcpy(sound, medium, sizeof sound);
}
