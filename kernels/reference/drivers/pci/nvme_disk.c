/* The namespaces of an NVMe controller as disks: what it says about them, and transfers. */
#include "nvme.h"
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

#define IDENTIFY 0x06
enum transfer { FLUSH = 0x00, WRITE = 0x01, READ = 0x02 };
enum identify { IDENTIFY_NAMESPACE = 0, IDENTIFY_CONTROLLER = 1 };
#define FLUSH_TIMEOUT_MS 60000

static int perform(struct nvme_namespace *ns, enum transfer what, uint64_t sector, uint32_t count, const void *buffer) {
    struct nvme_controller *c = ns->owner;
    struct nvme_command command = {.opcode = (uint8_t)what, .nsid = ns->id};
    if (c->dead)
        return -EIO;
    if (what != FLUSH) {
        int result = nvme_set_data(&c->io, &command, buffer, (size_t)count * BLOCK_SECTOR);
        if (result)
            return result;
        command.word10 = (uint32_t)sector;
        command.word11 = (uint32_t)(sector >> 32);
        command.word12 = count - 1;
    }
    int result = nvme_perform(&c->io, &command, what == FLUSH ? FLUSH_TIMEOUT_MS : NVME_TIMEOUT_MS);
    if (result == -ETIMEDOUT) {
        c->dead = nvme_start(c) != 0; /* it must not go on with the caller's buffer */
        log_error("DRV", "%s: the drive does not answer%s", ns->block.name, c->dead ? " and is given up" : "");
    }
    return result;
}

static int transfer(block_device_t *block, enum transfer what, uint64_t sector, uint32_t count, const void *buffer) {
    struct nvme_namespace *ns = block->driver_data;
    mutex_lock(&ns->owner->io.lock);
    int result = perform(ns, what, sector, count, buffer);
    mutex_unlock(&ns->owner->io.lock);
    return result;
}
static int disk_read(block_device_t *block, uint64_t sector, uint32_t count, void *buffer) {
    return transfer(block, READ, sector, count, buffer);
}
static int disk_write(block_device_t *block, uint64_t sector, uint32_t count, const void *buffer) {
    return transfer(block, WRITE, sector, count, buffer);
}
static int disk_flush(block_device_t *block) {
    return transfer(block, FLUSH, 0, 0, NULL);
}
static const struct block_ops cached = {disk_read, disk_write, disk_flush}, through = {disk_read, disk_write, NULL};

static int identify(struct nvme_controller *c, enum identify what, uint32_t nsid) {
    return nvme_admin(c, (struct nvme_command){.opcode = IDENTIFY, .nsid = nsid, .data = virt_to_phys(c->page), .word10 = what});
}

static uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

int nvme_identify(struct nvme_controller *c) {
    enum { MODEL = 24, TRANSFER_LIMIT = 77, NAMESPACES = 516, WRITE_CACHE = 525 };
    int result = identify(c, IDENTIFY_CONTROLLER, 0);
    if (result)
        return result;
    size_t end = 0;
    for (size_t i = 0; i < 40; i++) {
        char ch = (char)c->page[MODEL + i];
        c->model[i] = ch >= ' ' && ch <= '~' ? ch : ' ';
        end = c->model[i] != ' ' ? i + 1 : end;
    }
    c->model[end] = '\0';
    uint8_t limit = c->page[TRANSFER_LIMIT]; /* a power of two of pages; 0: none */
    c->most_sectors = NVME_MOST_BYTES / BLOCK_SECTOR;
    if (limit && limit < 8)
        c->most_sectors = (PAGE_SIZE << limit) / BLOCK_SECTOR;
    c->namespaces = get32(c->page + NAMESPACES);
    c->write_cache = c->page[WRITE_CACHE] & 1;
    return 0;
}

/* The number of the controller among the drives: "nvme0" is the first that no disk has. */
static unsigned free_number(void) {
    char prefix[16];
    for (unsigned n = 0;; n++) {
        bool taken = false;
        int length = ksnprintf(prefix, sizeof prefix, "nvme%un", n);
        for (const block_device_t *disk = block_first(); disk; disk = disk->next)
            taken |= strncmp(disk->name, prefix, (size_t)length) == 0;
        if (!taken)
            return n;
    }
}

static void add_namespace(struct nvme_controller *c, unsigned number, uint32_t nsid) {
    enum { FORMAT = 26, FORMATS = 128 };
    struct nvme_namespace *ns = &c->disks[nsid - 1];
    if (identify(c, IDENTIFY_NAMESPACE, nsid) != 0)
        return;
    uint64_t blocks = get32(c->page) | (uint64_t)get32(c->page + 4) << 32;
    uint8_t shift = c->page[FORMATS + 4 * (c->page[FORMAT] & 0xF) + 2];
    if (!blocks)
        return; /* a number without a namespace */
    if (shift != 9) {
        log_warn("DRV", "NVMe %s: namespace %u has blocks of 2^%u bytes, only %u bytes can be used", c->dev->name, nsid,
                 shift, BLOCK_SECTOR);
        return;
    }
    ns->owner = c;
    ns->id = nsid;
    ns->block = (block_device_t){.sectors = blocks, .max_sectors = c->most_sectors, .driver_data = ns,
                                 .ops = c->write_cache ? &cached : &through};
    ksnprintf(ns->block.name, sizeof ns->block.name, "nvme%un%u", number, nsid);
    ns->registered = block_register(&ns->block) == 0;
    if (ns->registered)
        log_info("DRV", "Disk %s: NVMe at %s, %s, %llu MB", ns->block.name, c->dev->name, c->model,
                 (unsigned long long)blocks / 2048);
}

void nvme_add_disks(struct nvme_controller *c) {
    unsigned number = free_number();
    for (uint32_t nsid = 1; nsid <= c->namespaces && nsid <= NVME_MOST_NAMESPACES; nsid++)
        add_namespace(c, number, nsid);
}

void nvme_remove_disks(struct nvme_controller *c) {
    for (unsigned i = 0; i < NVME_MOST_NAMESPACES; i++)
        if (c->disks[i].registered)
            block_unregister(&c->disks[i].block);
    mutex_lock(&c->io.lock); /* a transfer under way ends first */
    mutex_unlock(&c->io.lock);
}
