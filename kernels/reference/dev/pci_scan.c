/* Finds every PCI function. Buses are followed through their bridges instead of trying all 256 numbers: on an
 * emulated machine each of the 65,536 reads of a blind scan costs a microsecond. */
#include "dev_internal.h"
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

#define MAX_BRIDGE_DEPTH 16 /* a bridge that leads back up must not eat the stack */
#define CLASS_BRIDGE 0x06
#define SUBCLASS_HOST 0x00

static struct {
    bool visited[256];
    uint8_t last_bus;   /* highest bus number in use */
    bool has_peer_roots;
    size_t found, unlisted;
} scan;

static void scan_bus(uint8_t bus, unsigned depth);
static void scan_slot(uint8_t bus, uint8_t slot, unsigned depth);
static bool add_function(uint8_t bus, uint8_t slot, uint8_t fn, unsigned depth);
static void follow_bridge(uint8_t bus, uint8_t slot, uint8_t fn, unsigned depth);

static bool is_absent(uint32_t id) {
    return (id & 0xFFFF) == 0xFFFF || (id & 0xFFFF) == 0;
}

void pci_scan(void) {
    memset(&scan, 0, sizeof scan);
    scan_bus(0, 0);
    /* More host bridges on bus 0 mean root buses that no bridge leads to; their numbers are anyone's guess. */
    if (scan.has_peer_roots)
        for (unsigned bus = 1; bus < 256; bus++)
            scan_bus((uint8_t)bus, 0);
    pci_tree_assign();
    log_info("DEV", "PCI scan: %zu devices found", scan.found);
    if (scan.unlisted)
        log_error("DEV", "%zu PCI devices are not listed: out of memory", scan.unlisted);
    char line[320];
    for (const device_t *dev = device_first(); dev; dev = dev->next) {
        if (dev->bus != BUS_PCI)
            continue;
        device_summary(dev, line, sizeof line);
        log_info("DEV", "%s %s", dev->name, line);
    }
}

size_t pci_device_count(void) {
    return scan.found;
}

static void scan_bus(uint8_t bus, unsigned depth) {
    if (scan.visited[bus])
        return;
    if (depth > MAX_BRIDGE_DEPTH) {
        log_warn("DEV", "PCI bus %u is behind more than %u bridges, not scanned", bus, MAX_BRIDGE_DEPTH);
        return;
    }
    scan.visited[bus] = true;
    if (bus > scan.last_bus)
        scan.last_bus = bus;
    for (uint8_t slot = 0; slot < 32; slot++)
        scan_slot(bus, slot, depth);
}

static void scan_slot(uint8_t bus, uint8_t slot, unsigned depth) {
    if (!add_function(bus, slot, 0, depth))
        return;
    bool multifunction = pci_config_read(bus, slot, 0, PCI_HEADER) & 0x800000;
    for (uint8_t fn = 1; multifunction && fn < 8; fn++)
        add_function(bus, slot, fn, depth);
}

/* False when there is no such function. */
static bool add_function(uint8_t bus, uint8_t slot, uint8_t fn, unsigned depth) {
    uint32_t id = pci_config_read(bus, slot, fn, PCI_ID);
    if (is_absent(id))
        return false;
    scan.found++;
    device_t *dev = kzalloc(sizeof *dev);
    if (!dev) {
        scan.unlisted++;
        return true;
    }
    dev->bus = BUS_PCI;
    dev->pci_bus = bus;
    dev->pci_dev = slot;
    dev->pci_fn = fn;
    dev->vendor = (uint16_t)id;
    dev->device_id = (uint16_t)(id >> 16);
    ksnprintf(dev->name, sizeof dev->name, "%02x:%02x.%u", bus, slot, fn);

    uint32_t class = pci_read32(dev, PCI_CLASS);
    dev->class_code = (uint8_t)(class >> 24);
    dev->subclass = (uint8_t)(class >> 16);
    dev->prog_if = (uint8_t)(class >> 8);
    dev->revision = (uint8_t)class;
    uint8_t header = pci_read8(dev, PCI_HEADER + 2) & 0x7F;
    uint32_t interrupt = pci_read32(dev, PCI_INTERRUPT);
    bool has_line = (interrupt >> 8 & 0xFF) != 0 && (interrupt & 0xFF) != 0xFF;
    dev->irq = has_line ? (uint8_t)interrupt : 0;

    if (header == 0) {
        uint32_t subsystem = pci_read32(dev, PCI_SUBSYSTEM);
        dev->subsystem_vendor = (uint16_t)subsystem;
        dev->subsystem_id = (uint16_t)(subsystem >> 16);
        pci_size_bars(dev, 6);
    } else if (header == 1) {
        pci_size_bars(dev, 2);
    }
    if (dev->class_code == CLASS_BRIDGE && dev->subclass == SUBCLASS_HOST && bus == 0 && (slot || fn))
        scan.has_peer_roots = true;
    if (device_register(dev) != 0)
        kfree(dev);
    if (header == 1)
        follow_bridge(bus, slot, fn, depth);
    return true;
}

/* Firmware numbers the buses, all or none; where there is none, the bridge is given the next free number and
 * passes everything on until what lies behind it is known. */
static void follow_bridge(uint8_t bus, uint8_t slot, uint8_t fn, unsigned depth) {
    uint32_t buses = pci_config_read(bus, slot, fn, PCI_BUSES);
    uint8_t secondary = (uint8_t)(buses >> 8);
    if (secondary != 0) {
        scan_bus(secondary, depth + 1);
        return;
    }
    if (scan.last_bus == 255 || depth >= MAX_BRIDGE_DEPTH)
        return;
    secondary = scan.last_bus + 1;
    uint32_t numbered = (buses & 0xFF000000u) | 0xFF0000u | (uint32_t)secondary << 8 | bus;
    pci_config_write(bus, slot, fn, PCI_BUSES, numbered);
    scan_bus(secondary, depth + 1);
    pci_config_write(bus, slot, fn, PCI_BUSES, (numbered & ~0xFF0000u) | (uint32_t)scan.last_bus << 16);
}
