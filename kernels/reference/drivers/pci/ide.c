/* IDE controllers: asks each of the four drives who it is. */
#include "ata.h"
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/init.h>
#include <auton/klog.h>

enum reg { DATA = 0, LBA_MID = 4, LBA_HIGH = 5, DRIVE = 6, STATUS = 7, COMMAND = 7 };
enum command { IDENTIFY = 0xEC, IDENTIFY_PACKET = 0xA1 };
#define STATUS_ERROR 0x01
#define STATUS_DATA 0x08
#define STATUS_BUSY 0x80
#define CONTROL_NO_INTERRUPT 0x02
#define WAIT_NS 100000000 /* drives answer at once or take as long as they like */
#define SIGNATURE_PACKET 0xEB14u

struct channel {
    uint16_t base, control;
};

static uint8_t in(const struct channel *c, enum reg reg) {
    return arch_io_read8(c->base + (uint64_t)reg);
}

static void out(const struct channel *c, enum reg reg, uint8_t value) {
    arch_io_write8(c->base + (uint64_t)reg, value);
}

/* A controller in compatibility mode answers at the ports that PCs have always had, whatever its BARs say. */
static struct channel channel_of(const device_t *dev, unsigned index) {
    static const struct channel legacy[] = {{0x1F0, 0x3F6}, {0x170, 0x376}};
    bool native = dev->prog_if & (1u << index * 2);
    const struct pci_bar *bars = &dev->bars[index * 2];
    if (!native)
        return legacy[index];
    if (bars[0].is_mmio || !bars[0].base || !bars[1].base)
        return (struct channel){0, 0};
    return (struct channel){(uint16_t)bars[0].base, (uint16_t)(bars[1].base + 2)};
}

/* The status once the drive is no longer busy; as busy as ever when it stays so. */
static uint8_t wait_ready(const struct channel *c) {
    uint64_t start = arch_time_ns();
    uint8_t status;
    while ((status = in(c, STATUS)) & STATUS_BUSY)
        if (arch_time_ns() - start > WAIT_NS)
            break;
    return status;
}

static bool read_identify(const struct channel *c, enum command command, uint16_t words[ATA_IDENTIFY_WORDS]) {
    out(c, COMMAND, command);
    uint8_t status = wait_ready(c);
    if ((status & (STATUS_BUSY | STATUS_ERROR)) || !(status & STATUS_DATA))
        return false;
    for (unsigned i = 0; i < ATA_IDENTIFY_WORDS; i++)
        words[i] = arch_io_read16(c->base + (uint64_t)DATA);
    return true;
}

/* A CD drive refuses the disk's command and leaves its signature instead. */
static bool identify(const struct channel *c, unsigned drive, struct ata_identity *id) {
    uint16_t words[ATA_IDENTIFY_WORDS];
    out(c, DRIVE, (uint8_t)(0xA0 | drive << 4));
    for (int i = 0; i < 4; i++) /* 400 ns for the drive to notice that it is meant */
        arch_io_read8(c->control);
    if (in(c, STATUS) == 0xFF || (wait_ready(c) & STATUS_BUSY))
        return false;
    bool is_packet = false;
    if (!read_identify(c, IDENTIFY, words)) {
        is_packet = (in(c, LBA_MID) | (unsigned)in(c, LBA_HIGH) << 8) == SIGNATURE_PACKET;
        if (!is_packet || !read_identify(c, IDENTIFY_PACKET, words))
            return false;
    }
    ata_decode_identity(words, is_packet, id);
    return true;
}

static int init(device_t *dev) {
    static const char *const places[] = {"primary master", "primary slave", "secondary master", "secondary slave"};
    unsigned usable = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct channel c = channel_of(dev, i / 2);
        struct ata_identity id;
        if (!c.base)
            continue;
        usable++;
        arch_io_write8(c.control, CONTROL_NO_INTERRUPT);
        if (!identify(&c, i % 2, &id))
            continue;
        if (id.sectors)
            log_info("DRV", "Disk on IDE %s: %s, %llu MB", places[i], id.model, (unsigned long long)id.sectors / 2048);
        else
            log_info("DRV", "Removable drive on IDE %s: %s", places[i], id.model);
    }
    return usable ? 0 : -1;
}

/* Two names for one driver: an Intel controller asks for the first, all others for the second. */
static const struct driver_match intel_match = {BUS_PCI, 0x8086, MATCH_ANY16, 0x01, 0x01, NULL};
static const struct driver_match any_match = {BUS_PCI, MATCH_ANY16, MATCH_ANY16, 0x01, 0x01, NULL};
static driver_t intel = {.name = "ata_piix", .matches = &intel_match, .match_count = 1, .init = init};
static driver_t generic = {.name = "ata_generic", .matches = &any_match, .match_count = 1, .init = init};

static void ide_register(void) {
    driver_register(&intel);
    driver_register(&generic);
}
INITCALL(INIT_CORE_DRIVERS, ide_register);
