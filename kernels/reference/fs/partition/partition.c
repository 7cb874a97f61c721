/* Partitions as block devices: each passes transfers on to its disk, some sectors further. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "../fs_internal.h"
#include "../unaligned.h"
#include "partition.h"

struct partition_device {
    block_device_t device;
    block_device_t *disk; /* NULL: not registered. The object stays, for the next of its name: somebody may hold it */
    uint64_t start;
    struct partition_device *next;
};
static struct partition_device *partitions;
static struct mutex lock;

static struct partition_device *of(block_device_t *device) {
    return container_of(device, struct partition_device, device);
}

static int read(block_device_t *device, uint64_t sector, uint32_t count, void *buffer) {
    return block_read(of(device)->disk, of(device)->start + sector, count, buffer);
}

static int write(block_device_t *device, uint64_t sector, uint32_t count, const void *buffer) {
    return block_write(of(device)->disk, of(device)->start + sector, count, buffer);
}

static int flush(block_device_t *device) {
    return block_flush(of(device)->disk);
}

static const struct block_ops ops = {read, write, flush};

static const block_device_t *disk_below(const block_device_t *device) {
    return device->ops == &ops ? container_of(device, const struct partition_device, device)->disk : device;
}

bool blocks_overlap(const block_device_t *a, const block_device_t *b) {
    return a == b || (disk_below(a) == disk_below(b) && (disk_below(a) == a || disk_below(b) == b));
}

int partition_read(block_device_t *disk, struct partition *out, size_t max) {
    uint8_t *sector = disk->sectors >= 2 ? kmalloc(BLOCK_SECTOR) : NULL;
    if (!sector)
        return disk->sectors >= 2 ? -ENOMEM : 0;
    int result = block_read(disk, 0, 1, sector);
    if (result == 0 && get16(sector + MBR_SIGNATURE) == 0xAA55) {
        bool protective = false;
        for (unsigned i = 0; i < 4; i++)
            protective |= sector[MBR_TABLE + i * MBR_ENTRY + 4] == MBR_TYPE_PROTECTIVE;
        result = protective ? gpt_read(disk, out, max) : mbr_read(disk, sector, out, max);
    }
    kfree(sector);
    return result;
}

int partition_check(const block_device_t *disk, const struct partition *parts, size_t count, uint64_t first, uint64_t end) {
    for (size_t i = 0; i < count; i++) {
        const struct partition *p = &parts[i];
        if (!p->sectors || !p->type || p->start < first || p->start >= end || p->sectors > end - p->start)
            return -EINVAL;
        for (size_t j = 0; j < i; j++)
            if (partitions_overlap(p, &parts[j]))
                return -EINVAL;
    }
    namespace_lock();
    int result = disk_is_mounted(disk) ? -EBUSY : 0;
    namespace_unlock();
    return result;
}

static void name_of(const block_device_t *disk, uint32_t number, char *out, size_t size) {
    size_t len = strlen(disk->name);
    bool digit = disk->name[len - 1] >= '0' && disk->name[len - 1] <= '9';
    ksnprintf(out, size, "%s%s%u", disk->name, digit ? "p" : "", number);
}

static int add(block_device_t *disk, const struct partition *p) {
    char name[sizeof disk->name + 16];
    name_of(disk, p->number, name, sizeof name);
    if (strlen(name) >= sizeof disk->name)
        return -ENAMETOOLONG;
    struct partition_device *d = partitions;
    while (d && (d->disk || strcmp(d->device.name, name) != 0))
        d = d->next;
    if (!d) {
        d = kzalloc(sizeof *d);
        if (!d)
            return -ENOMEM;
        d->next = partitions;
        partitions = d;
        strlcpy(d->device.name, name, sizeof d->device.name);
        d->device.ops = &ops;
    }
    d->disk = disk;
    d->start = p->start;
    d->device.sectors = p->sectors;
    d->device.max_sectors = disk->max_sectors;
    d->device.read_only = disk->read_only;
    int result = block_register(&d->device);
    if (result)
        d->disk = NULL;
    return result;
}

int partition_forget(const block_device_t *disk) {
    int result = 0;
    for (struct partition_device *d = partitions; d; d = d->next)
        if (d->disk == disk && disk_is_mounted(&d->device))
            result = -EBUSY;
    for (struct partition_device *d = partitions; d && result == 0; d = d->next)
        if (d->disk == disk) {
            block_unregister(&d->device);
            d->disk = NULL;
        }
    return result;
}

int partition_scan(block_device_t *disk) {
    struct partition *table = kmalloc(PARTITION_MAX * sizeof *table);
    if (!table)
        return -ENOMEM;
    mutex_lock(&lock);
    namespace_lock();
    int count = partition_forget(disk);
    namespace_unlock();
    if (count == 0)
        count = partition_read(disk, table, PARTITION_MAX);
    for (int i = 0; i < count; i++) {
        int result = add(disk, &table[i]);
        if (result)
            log_error("FS", "%s: partition %u is not used: %s", disk->name, table[i].number, errno_text(result));
    }
    mutex_unlock(&lock);
    kfree(table);
    if (count < 0 && count != -EBUSY)
        log_error("FS", "%s: its partition table cannot be used: %s", disk->name, errno_text(count));
    return count;
}

static void disk_added(block_device_t *disk) {
    if (disk->ops != &ops)
        partition_scan(disk);
}

void partitions_init(void) {
    block_added_hook = disk_added;
    for (block_device_t *disk = block_first(); disk; disk = disk->next)
        disk_added(disk);
}
