/* A port of a SATA controller works through a list of commands in memory; this driver gives it one at a time, in the
 * first place of its list, with the caller's buffer as its only region. */
#include "ahci.h"
#include "ata.h"
#include <auton/arch.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

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

/* False when the bits of `mask` are not all `value` in time. */
static bool wait_for(const volatile uint32_t *regs, uint32_t reg, uint32_t mask, uint32_t value) {
    uint64_t start = arch_time_ns();
    while ((in(regs, reg) & mask) != value)
        if (arch_time_ns() - start > PORT_WAIT_NS)
            return false;
    return true;
}

bool ahci_port_stop(struct port *p) {
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
bool ahci_port_restart(struct port *p) {
    bool stopped = ahci_port_stop(p);
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

void ahci_port_look(void *arg) {
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
    bool done = completion_wait(&p->done, flush ? FLUSH_TIMEOUT_MS : TIMEOUT_MS, ahci_port_look, p);
    if (done && !p->errors && !(in(p->regs, TASK_FILE) & TASK_ERROR))
        return p->memory->list[0].transferred == bytes || !bytes ? 0 : -EIO;
    p->dead = !ahci_port_restart(p);
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

/* A drive tells what it is only once the port has memory to receive that in. 0 when it is a disk and works. */
int ahci_port_start(struct port *p) {
    phys_addr_t phys;
    p->memory = dma_alloc(sizeof *p->memory, &phys);
    if (!p->memory)
        return -ENOMEM;
    if (!ahci_port_stop(p) || !start(p))
        return -EIO;
    uint32_t signature = in(p->regs, SIGNATURE);
    if (signature == SIGNATURE_DISK)
        return introduce(p);
    log_info("DRV", "SATA port %u: %s", p->index, signature == SIGNATURE_PACKET ? "CD or DVD drive" : "other device");
    return -ENODEV;
}

void ahci_port_remove(struct port *p) {
    if (p->registered) {
        block_unregister(&p->block);
        mutex_lock(&p->lock); /* a transfer under way ends first */
        mutex_unlock(&p->lock);
    }
    out(p->regs, PORT_INTERRUPT_ENABLE, 0);
    ahci_port_stop(p);
    dma_free(p->memory, sizeof *p->memory);
    kfree(p);
}
