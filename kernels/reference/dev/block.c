/* The registry of disks, and the checks that every transfer passes whoever asks for it. */
#include <auton/block.h>
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/sync.h>

static block_device_t *disks;
static spinlock_t lock;
void (*block_added_hook)(block_device_t *disk);

block_device_t *block_first(void) {
    return disks;
}

block_device_t *block_find(const char *name) {
    block_device_t *disk = disks;
    while (disk && strcmp(disk->name, name) != 0)
        disk = disk->next;
    return disk;
}

int block_register(block_device_t *disk) {
    if (!disk->name[0] || !disk->sectors || !disk->ops || !disk->ops->read || !(disk->read_only || disk->ops->write))
        return -EINVAL;
    uint64_t irq = spin_lock(&lock);
    int result = block_find(disk->name) ? -EEXIST : 0;
    if (result == 0) {
        block_device_t **end = &disks;
        while (*end)
            end = &(*end)->next;
        disk->next = NULL;
        *end = disk;
    }
    spin_unlock(&lock, irq);
    if (result == 0 && block_added_hook)
        block_added_hook(disk);
    return result;
}

int block_register_in(block_device_t *disk, const char *series) {
    for (char letter = 'a'; letter <= 'z'; letter++) {
        ksnprintf(disk->name, sizeof disk->name, "%s%c", series, letter);
        int result = block_register(disk);
        if (result != -EEXIST)
            return result;
    }
    return -ENOSPC;
}

int block_unregister(block_device_t *disk) {
    uint64_t irq = spin_lock(&lock);
    block_device_t **at = &disks;
    while (*at && *at != disk)
        at = &(*at)->next;
    bool found = *at != NULL;
    if (found)
        *at = disk->next;
    spin_unlock(&lock, irq);
    return found ? 0 : -ENODEV;
}

static bool in_range(const block_device_t *disk, uint64_t sector, uint32_t count) {
    return sector <= disk->sectors && count <= disk->sectors - sector;
}

/* The sectors of the next transfer of `left`. */
static uint32_t portion(const block_device_t *disk, uint32_t left) {
    return disk->max_sectors && left > disk->max_sectors ? disk->max_sectors : left;
}

int block_read(block_device_t *disk, uint64_t sector, uint32_t count, void *buffer) {
    if (!in_range(disk, sector, count))
        return -EINVAL;
    char *to = buffer;
    for (uint32_t n; count; count -= n, sector += n, to += (size_t)n * BLOCK_SECTOR) {
        n = portion(disk, count);
        int result = disk->ops->read(disk, sector, n, to);
        if (result)
            return result;
    }
    return 0;
}

int block_write(block_device_t *disk, uint64_t sector, uint32_t count, const void *buffer) {
    if (!in_range(disk, sector, count))
        return -EINVAL;
    if (disk->read_only)
        return -EROFS;
    const char *from = buffer;
    for (uint32_t n; count; count -= n, sector += n, from += (size_t)n * BLOCK_SECTOR) {
        n = portion(disk, count);
        int result = disk->ops->write(disk, sector, n, from);
        if (result)
            return result;
    }
    return 0;
}

int block_flush(block_device_t *disk) {
    return disk->ops->flush ? disk->ops->flush(disk) : 0;
}

/* A disk in memory: each transfer is at most three sectors, as max_sectors says, or the test fails. */
static uint8_t medium[8 * BLOCK_SECTOR];
static int memory_read(block_device_t *disk, uint64_t sector, uint32_t count, void *buffer) {
    if (count > disk->max_sectors)
        return -EIO;
    memcpy(buffer, medium + sector * BLOCK_SECTOR, (size_t)count * BLOCK_SECTOR);
    return 0;
}
static int memory_write(block_device_t *disk, uint64_t sector, uint32_t count, const void *buffer) {
    if (count > disk->max_sectors)
        return -EIO;
    memcpy(medium + sector * BLOCK_SECTOR, buffer, (size_t)count * BLOCK_SECTOR);
    return 0;
}

SELFTEST(block_registry, "dev") {
    static const struct block_ops ops = {memory_read, memory_write, NULL};
    static block_device_t disk = {.name = "test0", .sectors = 8, .max_sectors = 3, .ops = &ops};
    static block_device_t twin = {.name = "test0", .sectors = 1, .ops = &ops}, empty = {.name = "test1", .ops = &ops};
    static uint8_t text[7 * BLOCK_SECTOR], back[7 * BLOCK_SECTOR];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 + i / BLOCK_SECTOR);
    CHECK(block_register(&disk) == 0 && block_find("test0") == &disk);
    int again = block_register(&twin), nothing = block_register(&empty);
    int series = block_register_in(&twin, "test-");
    bool named = series == 0 && strcmp(twin.name, "test-a") == 0 && block_unregister(&twin) == 0;
    int wrote = block_write(&disk, 1, 7, text), read = block_read(&disk, 1, 7, back);
    int beyond = block_read(&disk, 2, 7, back), wraps = block_read(&disk, UINT64_MAX, 2, back);
    disk.read_only = true;
    int refused = block_write(&disk, 0, 1, text);
    disk.read_only = false;
    CHECK(block_unregister(&disk) == 0 && block_unregister(&disk) == -ENODEV && !block_find("test0"));
    CHECK(again == -EEXIST && nothing == -EINVAL && named);
    CHECK(wrote == 0 && read == 0 && memcmp(text, back, sizeof text) == 0);
    CHECK(beyond == -EINVAL && wraps == -EINVAL && refused == -EROFS);
    return NULL;
}
