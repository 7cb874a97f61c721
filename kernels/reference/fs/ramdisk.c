/* Disks in memory: for trying things out, and for machines without a disk (`ramdisk=64M` on the command line). */
#include <auton/arch.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "fs_internal.h"

struct ramdisk {
    block_device_t device;
    uint8_t *pages[]; /* NULL: never written, reads as zeros */
};

#define SECTORS_PER_PAGE (PAGE_SIZE / BLOCK_SECTOR)

static int read(block_device_t *device, uint64_t sector, uint32_t count, void *buffer) {
    struct ramdisk *r = container_of(device, struct ramdisk, device);
    for (uint8_t *to = buffer; count; count--, sector++, to += BLOCK_SECTOR) {
        const uint8_t *page = r->pages[sector / SECTORS_PER_PAGE];
        if (page)
            memcpy(to, page + sector % SECTORS_PER_PAGE * BLOCK_SECTOR, BLOCK_SECTOR);
        else
            memset(to, 0, BLOCK_SECTOR);
    }
    return 0;
}

static bool is_zero(const uint8_t *sector) {
    for (size_t i = 0; i < BLOCK_SECTOR; i++)
        if (sector[i])
            return false;
    return true;
}

static int write(block_device_t *device, uint64_t sector, uint32_t count, const void *buffer) {
    struct ramdisk *r = container_of(device, struct ramdisk, device);
    for (const uint8_t *from = buffer; count; count--, sector++, from += BLOCK_SECTOR) {
        uint8_t **page = &r->pages[sector / SECTORS_PER_PAGE];
        if (!*page && is_zero(from))
            continue;
        if (!*page) {
            phys_addr_t frame = pmm_alloc_page();
            if (!frame)
                return -ENOSPC;
            *page = phys_to_virt(frame);
            memset(*page, 0, PAGE_SIZE);
        }
        memcpy(*page + sector % SECTORS_PER_PAGE * BLOCK_SECTOR, from, BLOCK_SECTOR);
    }
    return 0;
}

static const struct block_ops ops = {read, write, NULL};

block_device_t *ramdisk_create(uint64_t bytes) {
    uint64_t pages = bytes / PAGE_SIZE;
    if (!pages || bytes > GB(64))
        return NULL;
    struct ramdisk *r = kzalloc(sizeof *r + pages * sizeof r->pages[0]);
    if (!r)
        return NULL;
    r->device.sectors = pages * SECTORS_PER_PAGE;
    r->device.ops = &ops;
    int result = -EEXIST;
    for (unsigned i = 0; i < 64 && result == -EEXIST; i++) {
        ksnprintf(r->device.name, sizeof r->device.name, "ram%u", i);
        result = block_register(&r->device);
    }
    if (result) {
        kfree(r);
        return NULL;
    }
    return &r->device;
}

int ramdisk_destroy(block_device_t *disk) {
    if (disk->ops != &ops)
        return -EINVAL;
    namespace_lock();
    int result = disk_is_mounted(disk) ? -EBUSY : partition_forget(disk);
    if (result == 0)
        block_unregister(disk);
    namespace_unlock();
    if (result)
        return result;
    struct ramdisk *r = container_of(disk, struct ramdisk, device);
    for (uint64_t p = 0; p < disk->sectors / SECTORS_PER_PAGE; p++)
        if (r->pages[p])
            pmm_free_page(virt_to_phys(r->pages[p]));
    kfree(r);
    return 0;
}
