/* NVMe drives: the controller is started with a queue for administration and one for transfers; each of its
 * namespaces becomes a disk. */
#include "nvme.h"
#include <auton/arch.h>
#include <auton/block.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

enum reg { CAPABILITIES = 0x00, VERSION = 0x08, MASK_SET = 0x0C, MASK_CLEAR = 0x10, CONFIGURATION = 0x14, STATUS = 0x1C,
           ADMIN_SIZES = 0x24, ADMIN_COMMANDS = 0x28, ADMIN_COMPLETIONS = 0x30, DOORBELLS = 0x1000 };
#define ENABLE 1u
#define ENTRY_SIZES (6u << 16 | 4u << 20) /* commands of 64 bytes, completions of 16 */
#define SHUTDOWN_MASK (3u << 14)
#define SHUTDOWN_NORMAL (1u << 14)
#define READY 1u
#define FATAL 2u
#define SHUT_DOWN_MASK (3u << 2)
#define SHUT_DOWN (2u << 2)

enum admin { CREATE_SUBMISSION = 0x01, CREATE_COMPLETION = 0x05, IDENTIFY = 0x06, SET_FEATURES = 0x09 };
enum transfer { FLUSH = 0x00, WRITE = 0x01, READ = 0x02 };
enum identify { IDENTIFY_NAMESPACE = 0, IDENTIFY_CONTROLLER = 1 };
#define FEATURE_QUEUES 0x07
#define QUEUE_CONTIGUOUS 1u
#define QUEUE_INTERRUPTS 2u
#define IO_QUEUE 1u
#define TIMEOUT_MS 10000
#define FLUSH_TIMEOUT_MS 60000
#define SHUTDOWN_NS 5000000000ull
#define MOST_NAMESPACES 16u

struct controller;
struct namespace {
    struct controller *owner;
    uint32_t id;
    block_device_t block;
    bool registered;
};

struct controller {
    device_t *dev;
    volatile uint8_t *regs;
    struct nvme_queue admin, io;
    struct namespace disks[MOST_NAMESPACES];
    uint8_t *page;          /* for identify data */
    char model[41];
    uint32_t most_sectors, namespaces;
    bool write_cache, dead;
};

static uint32_t in(const struct controller *c, enum reg reg) {
    return *(volatile uint32_t *)(c->regs + reg);
}
static void out(const struct controller *c, enum reg reg, uint32_t value) {
    *(volatile uint32_t *)(c->regs + reg) = value;
}
static uint64_t in64(const struct controller *c, enum reg reg) {
    return in(c, reg) | (uint64_t)in(c, reg + 4) << 32;
}
static void out64(const struct controller *c, enum reg reg, uint64_t value) {
    out(c, reg, (uint32_t)value);
    out(c, reg + 4, (uint32_t)(value >> 32));
}

/* --- starting and stopping --- */

static int wait_ready(const struct controller *c, uint32_t ready) {
    uint64_t start = arch_time_ns(), limit = (in64(c, CAPABILITIES) >> 24 & 0xFF) * 500000000ull + 500000000ull;
    for (;;) {
        uint32_t status = in(c, STATUS);
        if (status == UINT32_MAX || (ready && status & FATAL))
            return -EIO;
        if ((status & READY) == ready)
            return 0;
        if (arch_time_ns() - start > limit)
            return -ETIMEDOUT;
    }
}

static int disable(const struct controller *c) {
    out(c, CONFIGURATION, in(c, CONFIGURATION) & ~(ENABLE | SHUTDOWN_MASK));
    return wait_ready(c, 0);
}

static void set_doorbells(struct controller *c, struct nvme_queue *q, unsigned index) {
    uint64_t step = 4u << (in64(c, CAPABILITIES) >> 32 & 0xF);
    volatile uint8_t *at = c->regs + DOORBELLS + 2 * index * step;
    q->submission_doorbell = (volatile uint32_t *)at;
    q->completion_doorbell = (volatile uint32_t *)(at + step);
}

static int admin(struct controller *c, struct nvme_command command) {
    mutex_lock(&c->admin.lock);
    int result = nvme_perform(&c->admin, &command, TIMEOUT_MS);
    mutex_unlock(&c->admin.lock);
    return result;
}

static int create_io_queue(struct controller *c) {
    uint32_t sizes = (NVME_QUEUE_SIZE - 1) << 16 | IO_QUEUE;
    int result = admin(c, (struct nvme_command){.opcode = SET_FEATURES, .word10 = FEATURE_QUEUES}); /* one of each */
    if (result == 0)
        result = admin(c, (struct nvme_command){.opcode = CREATE_COMPLETION, .data = c->io.completions_phys,
                                                .word10 = sizes, .word11 = QUEUE_INTERRUPTS | QUEUE_CONTIGUOUS});
    if (result == 0)
        result = admin(c, (struct nvme_command){.opcode = CREATE_SUBMISSION, .data = c->io.commands_phys,
                                                .word10 = sizes, .word11 = IO_QUEUE << 16 | QUEUE_CONTIGUOUS});
    return result;
}

static int start(struct controller *c) {
    int result = disable(c);
    if (result)
        return result;
    nvme_queue_clear(&c->admin);
    nvme_queue_clear(&c->io);
    out(c, ADMIN_SIZES, (NVME_QUEUE_SIZE - 1) << 16 | (NVME_QUEUE_SIZE - 1));
    out64(c, ADMIN_COMMANDS, c->admin.commands_phys);
    out64(c, ADMIN_COMPLETIONS, c->admin.completions_phys);
    out(c, CONFIGURATION, ENTRY_SIZES | ENABLE);
    result = wait_ready(c, READY);
    out(c, MASK_CLEAR, UINT32_MAX);
    return result ? result : create_io_queue(c);
}

static bool interrupt(device_t *dev) {
    struct controller *c = dev->driver_data;
    bool any = nvme_queue_collect(&c->admin);
    return nvme_queue_collect(&c->io) || any;
}

/* --- disks --- */

static int perform(struct namespace *ns, enum transfer what, uint64_t sector, uint32_t count, const void *buffer) {
    struct controller *c = ns->owner;
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
    int result = nvme_perform(&c->io, &command, what == FLUSH ? FLUSH_TIMEOUT_MS : TIMEOUT_MS);
    if (result == -ETIMEDOUT) {
        c->dead = start(c) != 0; /* it must not go on with the caller's buffer */
        log_error("DRV", "%s: the drive does not answer%s", ns->block.name, c->dead ? " and is given up" : "");
    }
    return result;
}

static int transfer(block_device_t *block, enum transfer what, uint64_t sector, uint32_t count, const void *buffer) {
    struct namespace *ns = block->driver_data;
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

static int identify(struct controller *c, enum identify what, uint32_t nsid) {
    return admin(c, (struct nvme_command){.opcode = IDENTIFY, .nsid = nsid, .data = virt_to_phys(c->page), .word10 = what});
}

static uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static int identify_controller(struct controller *c) {
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

static void add_namespace(struct controller *c, unsigned number, uint32_t nsid) {
    enum { FORMAT = 26, FORMATS = 128 };
    struct namespace *ns = &c->disks[nsid - 1];
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

/* --- the driver --- */

static void release(struct controller *c) {
    irq_detach(c->dev);
    pci_set_master(c->dev, false);
    nvme_queue_free(&c->admin);
    nvme_queue_free(&c->io);
    dma_free(c->page, PAGE_SIZE);
    c->dev->driver_data = NULL;
    kfree(c);
}

static int set_up(struct controller *c) {
    phys_addr_t phys;
    pci_enable(c->dev);
    c->regs = pci_map_bar(c->dev, 0);
    if (!c->regs || c->dev->bars[0].size < DOORBELLS + 16 * 4 || in(c, VERSION) == UINT32_MAX)
        return -ENODEV;
    uint64_t capabilities = in64(c, CAPABILITIES);
    if ((capabilities & 0xFFFF) + 1 < NVME_QUEUE_SIZE || !(capabilities >> 37 & 1) || capabilities >> 48 & 0xF ||
        DOORBELLS + (16ull << (capabilities >> 32 & 0xF)) > c->dev->bars[0].size)
        return -ENODEV; /* too small queues, no NVM commands, no pages of 4096 bytes, doorbells outside */
    c->page = dma_alloc(PAGE_SIZE, &phys);
    if (!c->page || nvme_queue_init(&c->admin) != 0 || nvme_queue_init(&c->io) != 0)
        return -ENOMEM;
    set_doorbells(c, &c->admin, 0);
    set_doorbells(c, &c->io, IO_QUEUE);
    c->dev->driver_data = c;
    pci_set_master(c->dev, true);
    int result = irq_attach(c->dev, interrupt);
    if (result == 0)
        result = start(c);
    return result ? result : identify_controller(c);
}

static int init(device_t *dev) {
    struct controller *c = kzalloc(sizeof *c);
    if (!c)
        return -ENOMEM;
    c->dev = dev;
    int result = set_up(c);
    if (result) {
        if (c->regs && dev->driver_data)
            disable(c);
        release(c);
        return result;
    }
    unsigned number = free_number();
    for (uint32_t nsid = 1; nsid <= c->namespaces && nsid <= MOST_NAMESPACES; nsid++)
        add_namespace(c, number, nsid);
    return 0;
}

static int suspend(device_t *dev) {
    struct controller *c = dev->driver_data;
    uint64_t begun = arch_time_ns();
    out(c, CONFIGURATION, (in(c, CONFIGURATION) & ~SHUTDOWN_MASK) | SHUTDOWN_NORMAL);
    while ((in(c, STATUS) & SHUT_DOWN_MASK) != SHUT_DOWN && arch_time_ns() - begun < SHUTDOWN_NS) {
    }
    return disable(c);
}

static int resume(device_t *dev) {
    struct controller *c = dev->driver_data;
    int result = start(c);
    c->dead = result != 0;
    return result;
}

static void remove(device_t *dev) {
    struct controller *c = dev->driver_data;
    for (unsigned i = 0; i < MOST_NAMESPACES; i++)
        if (c->disks[i].registered)
            block_unregister(&c->disks[i].block);
    mutex_lock(&c->io.lock); /* a transfer under way ends first */
    mutex_unlock(&c->io.lock);
    suspend(dev);
    release(c);
}

static const struct driver_match match = {BUS_PCI, MATCH_ANY16, MATCH_ANY16, 0x01, 0x08, NULL};
static driver_t driver = {.name = "nvme", .matches = &match, .match_count = 1, .init = init, .remove = remove,
                          .suspend = suspend, .resume = resume};

static void nvme_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, nvme_register);
