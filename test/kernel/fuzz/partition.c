/* A disk: sectors of the input, of which each says where it lies; the others are zeros. Partitions lie on the disk. */
#include "fuzz.h"
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/string.h>

#define SECTORS 4096

static const uint8_t *input;
static size_t input_size;

/* The input is pieces of a number and a sector each, the last of which may be short. */
static int read(block_device_t *disk, uint64_t sector, uint32_t count, void *buffer) {
    PROMISE(sector < disk->sectors && count <= disk->sectors - sector);
    memset(buffer, 0, (size_t)count * BLOCK_SECTOR);
    for (size_t at = 0; at + 2 < input_size; at += 2 + BLOCK_SECTOR) {
        uint64_t where = (input[at] | (unsigned)input[at + 1] << 8) % SECTORS;
        size_t bytes = input_size - at - 2 < BLOCK_SECTOR ? input_size - at - 2 : BLOCK_SECTOR;
        if (where >= sector && where < sector + count)
            memcpy((uint8_t *)buffer + (where - sector) * BLOCK_SECTOR, input + at + 2, bytes);
    }
    return 0;
}

void namespace_lock(void);
void namespace_unlock(void);
bool disk_is_mounted(const block_device_t *disk);
void namespace_lock(void) {}
void namespace_unlock(void) {}
bool disk_is_mounted(const block_device_t *disk) {
    (void)disk;
    return false;
}
const char *errno_text(int error) {
    (void)error;
    return "";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct block_ops ops = {read, NULL, NULL};
    static block_device_t disk = {.name = "vda", .sectors = SECTORS, .read_only = true, .ops = &ops};
    struct partition found[8];
    input = data;
    input_size = size;
    int count = partition_read(&disk, found, 8);
    PROMISE(count <= 8);
    for (int i = 0; i < count; i++) {
        PROMISE(found[i].start > 0 && found[i].sectors > 0 && found[i].number > 0);
        PROMISE(found[i].start < SECTORS && found[i].sectors <= SECTORS - found[i].start);
        PROMISE(strnlen(found[i].label, sizeof found[i].label) < sizeof found[i].label);
    }
    return 0;
}
