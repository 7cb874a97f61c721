/* NVMe drives: the controller is started with a queue for administration and one for transfers. */
#include "nvme.h"
#include <auton/arch.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/mm.h>

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

#define FEATURE_QUEUES 0x07
#define QUEUE_CONTIGUOUS 1u
#define QUEUE_INTERRUPTS 2u
#define IO_QUEUE 1u
#define SHUTDOWN_NS 5000000000ull
enum admin { CREATE_SUBMISSION = 0x01, CREATE_COMPLETION = 0x05, SET_FEATURES = 0x09 };

static uint32_t in(const struct nvme_controller *c, enum reg reg) {
    return *(volatile uint32_t *)(c->regs + reg);
}
static void out(const struct nvme_controller *c, enum reg reg, uint32_t value) {
    *(volatile uint32_t *)(c->regs + reg) = value;
}
static uint64_t in64(const struct nvme_controller *c, enum reg reg) {
    return in(c, reg) | (uint64_t)in(c, reg + 4) << 32;
}
static void out64(const struct nvme_controller *c, enum reg reg, uint64_t value) {
    out(c, reg, (uint32_t)value);
    out(c, reg + 4, (uint32_t)(value >> 32));
}

/* --- starting and stopping --- */

static int wait_ready(const struct nvme_controller *c, uint32_t ready) {
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

static int disable(const struct nvme_controller *c) {
    out(c, CONFIGURATION, in(c, CONFIGURATION) & ~(ENABLE | SHUTDOWN_MASK));
    return wait_ready(c, 0);
}

static void set_doorbells(struct nvme_controller *c, struct nvme_queue *q, unsigned index) {
    uint64_t step = 4u << (in64(c, CAPABILITIES) >> 32 & 0xF);
    volatile uint8_t *at = c->regs + DOORBELLS + 2 * index * step;
    q->submission_doorbell = (volatile uint32_t *)at;
    q->completion_doorbell = (volatile uint32_t *)(at + step);
}

int nvme_admin(struct nvme_controller *c, struct nvme_command command) {
    mutex_lock(&c->admin.lock);
    int result = nvme_perform(&c->admin, &command, NVME_TIMEOUT_MS);
    mutex_unlock(&c->admin.lock);
    return result;
}

static int create_io_queue(struct nvme_controller *c) {
    uint32_t sizes = (NVME_QUEUE_SIZE - 1) << 16 | IO_QUEUE;
    int result = nvme_admin(c, (struct nvme_command){.opcode = SET_FEATURES, .word10 = FEATURE_QUEUES}); /* one of each */
    if (result == 0)
        result = nvme_admin(c, (struct nvme_command){.opcode = CREATE_COMPLETION, .data = c->io.completions_phys,
                                                .word10 = sizes, .word11 = QUEUE_INTERRUPTS | QUEUE_CONTIGUOUS});
    if (result == 0)
        result = nvme_admin(c, (struct nvme_command){.opcode = CREATE_SUBMISSION, .data = c->io.commands_phys,
                                                .word10 = sizes, .word11 = IO_QUEUE << 16 | QUEUE_CONTIGUOUS});
    return result;
}

int nvme_start(struct nvme_controller *c) {
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
    struct nvme_controller *c = dev->driver_data;
    bool any = nvme_queue_collect(&c->admin);
    return nvme_queue_collect(&c->io) || any;
}

static void release(struct nvme_controller *c) {
    irq_detach(c->dev);
    pci_set_master(c->dev, false);
    nvme_queue_free(&c->admin);
    nvme_queue_free(&c->io);
    dma_free(c->page, PAGE_SIZE);
    c->dev->driver_data = NULL;
    kfree(c);
}

static int set_up(struct nvme_controller *c) {
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
        result = nvme_start(c);
    return result ? result : nvme_identify(c);
}

static int init(device_t *dev) {
    struct nvme_controller *c = kzalloc(sizeof *c);
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
    nvme_add_disks(c);
    return 0;
}

static int suspend(device_t *dev) {
    struct nvme_controller *c = dev->driver_data;
    uint64_t begun = arch_time_ns();
    out(c, CONFIGURATION, (in(c, CONFIGURATION) & ~SHUTDOWN_MASK) | SHUTDOWN_NORMAL);
    while ((in(c, STATUS) & SHUT_DOWN_MASK) != SHUT_DOWN && arch_time_ns() - begun < SHUTDOWN_NS) {
    }
    return disable(c);
}

static int resume(device_t *dev) {
    struct nvme_controller *c = dev->driver_data;
    int result = nvme_start(c);
    c->dead = result != 0;
    return result;
}

static void remove(device_t *dev) {
    struct nvme_controller *c = dev->driver_data;
    nvme_remove_disks(c);
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
