/* SATA controllers (AHCI). Each port works through a list of commands in memory; this driver gives a port one at a
 * time, in the first place of its list, with the caller's buffer as its only region. */
#include "ata.h"
#include <auton/arch.h>
#include <auton/block.h>
#include <auton/dev.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/string.h>

enum reg { CAPABILITIES = 0x00, GLOBAL_CONTROL = 0x04, INTERRUPT_STATUS = 0x08, PORTS_IMPLEMENTED = 0x0C, VERSION = 0x10,
           PORT_BASE = 0x100, PORT_SIZE = 0x80 };
enum port_reg { LIST = 0x00, LIST_HIGH = 0x04, RECEIVED = 0x08, RECEIVED_HIGH = 0x0C, PORT_INTERRUPT = 0x10,
                PORT_INTERRUPT_ENABLE = 0x14, COMMAND = 0x18, TASK_FILE = 0x20, SIGNATURE = 0x24, SATA_STATUS = 0x28,
                SATA_CONTROL = 0x2C, SATA_ERROR = 0x30, ISSUE = 0x38 };
#define CAPABILITY_64_BIT (1u << 31)
#define CONTROL_AHCI (1u << 31)
#define CONTROL_INTERRUPTS (1u << 1)
#define COMMAND_START (1u << 0)
#define COMMAND_SPIN_UP (1u << 1)
#define COMMAND_POWER (1u << 2)
#define COMMAND_RECEIVE (1u << 4)
#define COMMAND_RECEIVING (1u << 14)
#define COMMAND_RUNNING (1u << 15)
#define TASK_BUSY 0x88u  /* busy, or in the middle of a transfer */
#define TASK_ERROR 0x01u
#define INTERRUPT_DONE 0x0Fu /* the four kinds of a command's end */
#define INTERRUPT_ERRORS (1u << 30 | 1u << 29 | 1u << 28 | 1u << 27)
#define DETECTION_MASK 0xFu
#define DETECTION_ESTABLISHED 3u
#define SIGNATURE_DISK 0x00000101u
#define SIGNATURE_PACKET 0xEB140101u
#define AHCI_BAR 5
#define PORTS 32u

enum ata_command { READ = 0xC8, READ_WIDE = 0x25, WRITE = 0xCA, WRITE_WIDE = 0x35, FLUSH = 0xE7, FLUSH_WIDE = 0xEA,
                   IDENTIFY = 0xEC };
#define FIS_COMMAND 0x27
#define FIS_COMMAND_WORDS 5
#define DEVICE_LBA 0x40
#define HEADER_WRITE (1u << 6)
#define PORT_WAIT_NS 500000000ull
#define TIMEOUT_MS 10000
#define FLUSH_TIMEOUT_MS 60000 /* a real disk may have its whole cache to write */
#define MOST_SECTORS 2048u
#define MOST_SECTORS_NARROW 256u

struct command_header {
    uint32_t flags, transferred;
    uint64_t table;
    uint32_t reserved[4];
};
struct port_memory { /* laid out as the controller wants its parts aligned: 1024, 256, 128 */
    struct command_header list[32];
    uint8_t received[256];
    struct {
        uint8_t fis[64], packet[16], reserved[48];
        uint64_t region;
        uint32_t region_reserved, region_bytes; /* minus 1 */
    } table;
    uint16_t identity[ATA_IDENTIFY_WORDS];
};
_Static_assert(offsetof(struct port_memory, received) == 1024 && offsetof(struct port_memory, table) == 1280, "AHCI layout");

struct port {
    struct controller *owner;
    unsigned index;
    volatile uint32_t *regs;
    struct port_memory *memory;
    block_device_t block;
    struct mutex lock;
    struct completion done;
    uint32_t errors;            /* of the command under way, interrupt bits */
    bool wide, registered, dead;
};

struct controller {
    device_t *dev;
    volatile uint32_t *regs;
    struct port *ports[PORTS];
};

static uint32_t in(const volatile uint32_t *regs, uint32_t reg) {
    return regs[reg / 4];
}
static void out(volatile uint32_t *regs, uint32_t reg, uint32_t value) {
    regs[reg / 4] = value;
}
static void out64(volatile uint32_t *regs, uint32_t reg, uint64_t value) {
    out(regs, reg, (uint32_t)value);
    out(regs, reg + 4, (uint32_t)(value >> 32));
}

/* False when the bits of `mask` are not all `value` in time. */
static bool wait_for(const volatile uint32_t *regs, uint32_t reg, uint32_t mask, uint32_t value) {
    uint64_t start = arch_time_ns();
    while ((in(regs, reg) & mask) != value)
        if (arch_time_ns() - start > PORT_WAIT_NS)
            return false;
    return true;
}

/* --- a port --- */

static bool stop(struct port *p) {
    out(p->regs, COMMAND, in(p->regs, COMMAND) & ~COMMAND_START);
    bool stopped = wait_for(p->regs, COMMAND, COMMAND_RUNNING, 0);
    out(p->regs, COMMAND, in(p->regs, COMMAND) & ~COMMAND_RECEIVE);
    return wait_for(p->regs, COMMAND, COMMAND_RECEIVING, 0) && stopped;
}

static bool start(struct port *p) {
    out64(p->regs, LIST, virt_to_phys(p->memory->list));
    out64(p->regs, RECEIVED, virt_to_phys(p->memory->received));
    out(p->regs, SATA_ERROR, UINT32_MAX);
    out(p->regs, PORT_INTERRUPT, UINT32_MAX);
    out(p->regs, COMMAND, in(p->regs, COMMAND) | COMMAND_RECEIVE | COMMAND_SPIN_UP | COMMAND_POWER);
    if (!wait_for(p->regs, TASK_FILE, TASK_BUSY, 0))
        return false;
    out(p->regs, COMMAND, in(p->regs, COMMAND) | COMMAND_START);
    out(p->regs, PORT_INTERRUPT_ENABLE, INTERRUPT_DONE | INTERRUPT_ERRORS);
    return true;
}

/* After an error the port stands still; after a time-out the drive may, too, and the line to it is reset. */
static bool restart(struct port *p) {
    bool stopped = stop(p);
    if (!stopped || in(p->regs, TASK_FILE) & TASK_BUSY) {
        out(p->regs, SATA_CONTROL, (in(p->regs, SATA_CONTROL) & ~DETECTION_MASK) | 1);
        for (uint64_t begun = arch_time_ns(); arch_time_ns() - begun < 1000000;) {
        }
        out(p->regs, SATA_CONTROL, in(p->regs, SATA_CONTROL) & ~DETECTION_MASK);
        if (!wait_for(p->regs, SATA_STATUS, DETECTION_MASK, DETECTION_ESTABLISHED))
            return false;
    }
    return start(p);
}

static void look(void *arg) {
    struct port *p = arg;
    uint32_t why = in(p->regs, PORT_INTERRUPT);
    out(p->regs, PORT_INTERRUPT, why);
    p->errors |= why & INTERRUPT_ERRORS;
    if (p->errors || !(in(p->regs, ISSUE) & 1))
        complete(&p->done);
}

static void compose(struct port *p, enum ata_command command, uint64_t sector, uint32_t count, phys_addr_t buffer,
                    uint32_t bytes) {
    struct port_memory *m = p->memory;
    bool writes = command == WRITE || command == WRITE_WIDE;
    uint8_t device = p->wide ? DEVICE_LBA : (uint8_t)(DEVICE_LBA | (sector >> 24 & 0xF));
    const uint8_t fis[FIS_COMMAND_WORDS * 4] = {
        FIS_COMMAND, 0x80, (uint8_t)command, 0,
        (uint8_t)sector, (uint8_t)(sector >> 8), (uint8_t)(sector >> 16), device,
        p->wide ? (uint8_t)(sector >> 24) : 0, (uint8_t)(sector >> 32), (uint8_t)(sector >> 40), 0,
        (uint8_t)count, p->wide ? (uint8_t)(count >> 8) : 0,
    };
    memcpy(m->table.fis, fis, sizeof fis);
    m->table.region = buffer;
    m->table.region_bytes = bytes - 1;
    m->list[0] = (struct command_header){
        .flags = FIS_COMMAND_WORDS | (writes ? HEADER_WRITE : 0) | (bytes ? 1u << 16 : 0),
        .table = virt_to_phys(&m->table),
    };
}

static int perform(struct port *p, enum ata_command command, uint64_t sector, uint32_t count, const void *buffer,
                   uint32_t bytes) {
    phys_addr_t phys = buffer ? virt_to_phys(buffer) : 0;
    if (p->dead)
        return -EIO;
    if (phys + bytes > GB(4) && !(in(p->owner->regs, CAPABILITIES) & CAPABILITY_64_BIT))
        return -EFAULT;
    compose(p, command, sector, count, phys, bytes);
    p->errors = 0;
    completion_reset(&p->done);
    dma_barrier();
    out(p->regs, ISSUE, 1);
    bool flush = command == FLUSH || command == FLUSH_WIDE;
    bool done = completion_wait(&p->done, flush ? FLUSH_TIMEOUT_MS : TIMEOUT_MS, look, p);
    if (done && !p->errors && !(in(p->regs, TASK_FILE) & TASK_ERROR))
        return p->memory->list[0].transferred == bytes || !bytes ? 0 : -EIO;
    p->dead = !restart(p);
    log_error("DRV", "SATA port %u: command 0x%02X %s%s", p->index, command, done ? "failed" : "was not answered",
              p->dead ? ", the disk is given up" : "");
    return done ? -EIO : -ETIMEDOUT;
}

static int transfer(block_device_t *block, enum ata_command command, uint64_t sector, uint32_t count, const void *buffer) {
    struct port *p = block->driver_data;
    mutex_lock(&p->lock);
    int result = perform(p, command, sector, count, buffer, count * BLOCK_SECTOR);
    mutex_unlock(&p->lock);
    return result;
}
static bool is_wide(const block_device_t *block) {
    return ((const struct port *)block->driver_data)->wide;
}
static int disk_read(block_device_t *block, uint64_t sector, uint32_t count, void *buffer) {
    return transfer(block, is_wide(block) ? READ_WIDE : READ, sector, count, buffer);
}
static int disk_write(block_device_t *block, uint64_t sector, uint32_t count, const void *buffer) {
    return transfer(block, is_wide(block) ? WRITE_WIDE : WRITE, sector, count, buffer);
}
static int disk_flush(block_device_t *block) {
    return transfer(block, is_wide(block) ? FLUSH_WIDE : FLUSH, 0, 0, NULL);
}
static const struct block_ops operations = {disk_read, disk_write, disk_flush};

/* Asks the drive who it is and offers it as a disk. 0 or -errno. */
static int introduce(struct port *p) {
    struct ata_identity id;
    int result = perform(p, IDENTIFY, 0, 0, p->memory->identity, sizeof p->memory->identity);
    if (result)
        return result;
    ata_decode_identity(p->memory->identity, false, &id);
    if (!id.sectors || id.sector_bytes != BLOCK_SECTOR) {
        log_warn("DRV", "SATA port %u: %s has sectors of %u bytes, only %u can be used", p->index, id.model,
                 id.sector_bytes, BLOCK_SECTOR);
        return -EINVAL;
    }
    p->wide = id.wide;
    p->block.sectors = id.sectors;
    p->block.max_sectors = id.wide ? MOST_SECTORS : MOST_SECTORS_NARROW;
    p->block.ops = &operations;
    p->block.driver_data = p;
    result = block_register_in(&p->block, "sd");
    p->registered = result == 0;
    if (result == 0)
        log_info("DRV", "Disk %s: SATA port %u, %s, %llu MB", p->block.name, p->index, id.model,
                 (unsigned long long)id.sectors / 2048);
    return result;
}

static void remove_port(struct port *p) {
    if (p->registered) {
        block_unregister(&p->block);
        mutex_lock(&p->lock); /* a transfer under way ends first */
        mutex_unlock(&p->lock);
    }
    out(p->regs, PORT_INTERRUPT_ENABLE, 0);
    stop(p);
    dma_free(p->memory, sizeof *p->memory);
    kfree(p);
}

/* --- the controller --- */

static bool interrupt(device_t *dev) {
    struct controller *hba = dev->driver_data;
    uint32_t ports = in(hba->regs, INTERRUPT_STATUS);
    if (!ports || ports == UINT32_MAX)
        return false;
    for (unsigned i = 0; i < PORTS; i++)
        if ((ports & 1u << i) && hba->ports[i])
            look(hba->ports[i]);
        else if (ports & 1u << i)
            out(hba->regs, PORT_BASE + i * PORT_SIZE + PORT_INTERRUPT_ENABLE, 0); /* nobody's */
    out(hba->regs, INTERRUPT_STATUS, ports);
    return true;
}

/* A drive tells what it is only once the port has memory to receive that in. 0 when it is a disk and works. */
static int start_port(struct port *p) {
    if (!stop(p) || !start(p))
        return -EIO;
    uint32_t signature = in(p->regs, SIGNATURE);
    if (signature == SIGNATURE_DISK)
        return introduce(p);
    log_info("DRV", "SATA port %u: %s", p->index, signature == SIGNATURE_PACKET ? "CD or DVD drive" : "other device");
    return -ENODEV;
}

static void add_port(struct controller *hba, unsigned index) {
    volatile uint32_t *regs = hba->regs + (PORT_BASE + index * PORT_SIZE) / 4;
    out(regs, PORT_INTERRUPT_ENABLE, 0);
    if ((in(regs, SATA_STATUS) & DETECTION_MASK) != DETECTION_ESTABLISHED)
        return;
    struct port *p = kzalloc(sizeof *p);
    phys_addr_t phys;
    if (!p || !(p->memory = dma_alloc(sizeof *p->memory, &phys))) {
        kfree(p);
        log_error("DRV", "SATA port %u: out of memory", index);
        return;
    }
    p->owner = hba;
    p->index = index;
    p->regs = regs;
    hba->ports[index] = p;
    int result = start_port(p);
    if (result == 0)
        return;
    if (result != -ENODEV)
        log_error("DRV", "SATA port %u: its disk cannot be used (%d)", index, result);
    hba->ports[index] = NULL;
    remove_port(p);
}

static void remove(device_t *dev) {
    struct controller *hba = dev->driver_data;
    for (unsigned i = 0; i < PORTS; i++)
        if (hba->ports[i])
            remove_port(hba->ports[i]);
    out(hba->regs, GLOBAL_CONTROL, in(hba->regs, GLOBAL_CONTROL) & ~CONTROL_INTERRUPTS);
    irq_detach(dev);
    pci_set_master(dev, false);
    dev->driver_data = NULL;
    kfree(hba);
}

static int init(device_t *dev) {
    pci_enable(dev);
    volatile uint32_t *regs = pci_map_bar(dev, AHCI_BAR);
    if (!regs || in(regs, VERSION) == 0 || in(regs, VERSION) == UINT32_MAX)
        return -ENODEV;
    struct controller *hba = kzalloc(sizeof *hba);
    if (!hba)
        return -ENOMEM;
    hba->dev = dev;
    hba->regs = regs;
    dev->driver_data = hba;
    out(regs, GLOBAL_CONTROL, CONTROL_AHCI);
    pci_set_master(dev, true);
    int result = irq_attach(dev, interrupt);
    if (result) {
        remove(dev);
        return result;
    }
    out(regs, INTERRUPT_STATUS, UINT32_MAX);
    out(regs, GLOBAL_CONTROL, CONTROL_AHCI | CONTROL_INTERRUPTS);
    uint32_t ports = in(regs, PORTS_IMPLEMENTED);
    for (unsigned i = 0; i < PORTS; i++)
        if ((ports & 1u << i) && PORT_BASE + (i + 1) * PORT_SIZE <= dev->bars[AHCI_BAR].size)
            add_port(hba, i);
    return 0;
}

static int suspend(device_t *dev) {
    struct controller *hba = dev->driver_data;
    int result = 0;
    out(hba->regs, GLOBAL_CONTROL, CONTROL_AHCI);
    for (unsigned i = 0; i < PORTS; i++)
        if (hba->ports[i] && !stop(hba->ports[i]))
            result = -EIO;
    return result;
}

static int resume(device_t *dev) {
    struct controller *hba = dev->driver_data;
    out(hba->regs, GLOBAL_CONTROL, CONTROL_AHCI | CONTROL_INTERRUPTS);
    int result = 0;
    for (unsigned i = 0; i < PORTS; i++)
        if (hba->ports[i] && (hba->ports[i]->dead = !restart(hba->ports[i])))
            result = -EIO;
    return result;
}

static const struct driver_match match = {BUS_PCI, MATCH_ANY16, MATCH_ANY16, 0x01, 0x06, NULL};
static driver_t driver = {.name = "ahci", .matches = &match, .match_count = 1, .init = init, .remove = remove,
                          .suspend = suspend, .resume = resume};

static void ahci_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, ahci_register);
