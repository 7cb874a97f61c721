/* Where no firmware has done it, gives every base address register its address and every bridge its windows. A bus is
 * laid out largest first, so that everything is aligned and nothing is lost between; what lies behind a bridge comes
 * in one piece, which becomes the bridge's window. */
#include "dev_internal.h"
#include <auton/klog.h>

#define LARGEST GB(256)

enum { BRIDGE_PORTS = 0x1C, BRIDGE_MEMORY = 0x20, BRIDGE_PREFETCH = 0x24, BRIDGE_PREFETCH_BASE_HIGH = 0x28,
       BRIDGE_PREFETCH_LIMIT_HIGH = 0x2C, BRIDGE_PORTS_HIGH = 0x30 };
static const uint64_t window_align[PCI_KINDS] = {KB(4), MB(1), MB(1)};

static struct pci_space *spaces; /* what is left of the host bridge's */
static unsigned homeless;

static void place_bus(uint8_t bus, bool is_root, bool wide);

static device_t *next_on(device_t *dev, uint8_t bus) {
    while (dev && (dev->bus != BUS_PCI || dev->pci_bus != bus))
        dev = dev->next;
    return dev;
}

bool pci_is_bridge(const device_t *dev) {
    return dev->bus == BUS_PCI && (pci_read8(dev, PCI_HEADER + 2) & 0x7F) == 1;
}

static bool take(enum pci_kind kind, uint64_t size, uint64_t *base) {
    struct pci_space *space = &spaces[kind];
    *base = ALIGN_UP(space->next, size);
    if (*base < space->next || *base >= space->end || size > space->end - *base)
        return false;
    space->next = *base + size;
    return true;
}

/* Addresses above 4 GB are for prefetchable registers of 64 bits, which a bridge has a wide window for; on the root
 * bus any register of 64 bits may also go to the other memory when its own is full. */
static void place_bar(device_t *dev, unsigned index, bool is_root, bool wide) {
    struct pci_bar *bar = &dev->bars[index];
    enum pci_kind kind = !bar->is_mmio ? PCI_PORTS : bar->is_64bit && bar->prefetchable && wide ? PCI_MEMORY_64 : PCI_MEMORY_32;
    enum pci_kind other = kind == PCI_MEMORY_32 ? PCI_MEMORY_64 : PCI_MEMORY_32;
    uint64_t base;
    if (!take(kind, bar->size, &base) && !(is_root && bar->is_64bit && take(other, bar->size, &base))) {
        homeless++;
        return;
    }
    bar->base = base;
    pci_write32(dev, (uint16_t)(PCI_BAR0 + index * 4), (uint32_t)base);
    if (bar->is_64bit)
        pci_write32(dev, (uint16_t)(PCI_BAR0 + index * 4 + 4), (uint32_t)(base >> 32));
}

/* A window is as long as what was placed in it; an empty one ends before it begins. */
static void open_windows(const device_t *dev, const uint64_t *start) {
    uint64_t last[PCI_KINDS];
    for (enum pci_kind kind = 0; kind < PCI_KINDS; kind++)
        last[kind] = spaces[kind].next - 1;
    uint64_t ports = start[PCI_PORTS], memory = start[PCI_MEMORY_32], prefetch = start[PCI_MEMORY_64];
    pci_write16(dev, BRIDGE_PORTS, (uint16_t)((ports >> 8 & 0xF0) | (last[PCI_PORTS] & 0xF000)));
    pci_write32(dev, BRIDGE_PORTS_HIGH, (uint32_t)(ports >> 16 & 0xFFFF) | (uint32_t)(last[PCI_PORTS] & 0xFFFF0000u));
    pci_write32(dev, BRIDGE_MEMORY, (uint32_t)(memory >> 16 & 0xFFF0) | (uint32_t)(last[PCI_MEMORY_32] & 0xFFF00000u));
    pci_write32(dev, BRIDGE_PREFETCH, (uint32_t)(prefetch >> 16 & 0xFFF0) | (uint32_t)(last[PCI_MEMORY_64] & 0xFFF00000u));
    pci_write32(dev, BRIDGE_PREFETCH_BASE_HIGH, (uint32_t)(prefetch >> 32));
    pci_write32(dev, BRIDGE_PREFETCH_LIMIT_HIGH, (uint32_t)(last[PCI_MEMORY_64] >> 32));
    pci_enable(dev);
    pci_set_master(dev, true);
}

static void place_bridge(const device_t *dev, bool wide) {
    uint8_t secondary = (uint8_t)(pci_read32(dev, PCI_BUSES) >> 8);
    bool has_wide_window = (pci_read32(dev, BRIDGE_PREFETCH) & 0xF) == 1;
    uint64_t start[PCI_KINDS];
    if (secondary <= dev->pci_bus) /* not numbered: nothing behind it was found */
        return;
    for (enum pci_kind kind = 0; kind < PCI_KINDS; kind++)
        start[kind] = spaces[kind].next = ALIGN_UP(spaces[kind].next, window_align[kind]);
    place_bus(secondary, false, wide && has_wide_window);
    for (enum pci_kind kind = 0; kind < PCI_KINDS; kind++)
        spaces[kind].next = ALIGN_UP(spaces[kind].next, window_align[kind]);
    open_windows(dev, start);
}

static void place_bus(uint8_t bus, bool is_root, bool wide) {
    for (uint64_t size = LARGEST; size >= 4; size /= 2)
        for (device_t *dev = next_on(device_first(), bus); dev; dev = next_on(dev->next, bus))
            for (unsigned i = 0; i < ARRAY_SIZE(dev->bars); i++)
                if (dev->bars[i].size == size)
                    place_bar(dev, i, is_root, wide);
    for (device_t *dev = next_on(device_first(), bus); dev; dev = next_on(dev->next, bus))
        if (pci_is_bridge(dev))
            place_bridge(dev, wide);
}

static bool firmware_has_assigned(void) {
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        for (unsigned i = 0; dev->bus == BUS_PCI && i < ARRAY_SIZE(dev->bars); i++)
            if (dev->bars[i].base)
                return true;
    return false;
}

void pci_assign(struct pci_space host[PCI_KINDS], uint8_t root_bus) {
    if (firmware_has_assigned())
        return;
    spaces = host;
    homeless = 0;
    place_bus(root_bus, true, host[PCI_MEMORY_64].end != 0);
    if (homeless)
        log_warn("DEV", "PCI: %u windows of devices found no room", homeless);
}
