/* The clock of QEMU's virt machine ("goldfish"): nanoseconds since 1970, UTC, in two registers. Reading the lower one
 * keeps the upper one that belongs to it. */
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/device_tree.h>
#include <auton/init.h>
#include <auton/selftest.h>

#define TIME_LOW 0
#define TIME_HIGH 4
#define NS_PER_SECOND 1000000000ULL

static device_t device = {.bus = BUS_PLATFORM, .name = "rtc0"};
static uint64_t first, first_ns; /* what the clock said when it was found, and when that was */

static uint64_t nanoseconds(void) {
    uint64_t irq = arch_save_irq_state(); /* the two reads belong together */
    uint64_t low = arch_io_read32(device.bars[0].base + TIME_LOW);
    uint64_t high = arch_io_read32(device.bars[0].base + TIME_HIGH);
    arch_restore_irq_state(irq);
    return high << 32 | low;
}

bool rtc_read(struct rtc_time *out) {
    if (!device.bars[0].base)
        return false;
    *out = rtc_time_of(nanoseconds() / NS_PER_SECOND);
    return true;
}

static int probe(device_t *dev) {
    static const char *const compatible[] = {"google,goldfish-rtc"};
    struct fdt_range registers;
    fdt_node_t node = device_tree_find(compatible, ARRAY_SIZE(compatible));
    if (node == FDT_NONE || !fdt_reg(device_tree(), node, 0, &registers))
        return -1;
    dev->bars[0] = (struct pci_bar){.base = registers.base, .size = registers.size, .is_mmio = true};
    first = nanoseconds();
    first_ns = arch_time_ns();
    return 0;
}

static const struct driver_match match = {.bus = BUS_PLATFORM, .name = "rtc0"};
static driver_t driver = {.name = "goldfish-rtc", .matches = &match, .match_count = 1, .probe = probe};
PLATFORM_DEVICE(rtc0, &device, &driver);

/* The clock goes, and as fast as the kernel's own: the longer the machine is up, the more this shows. */
SELFTEST(rtc_keeps_time, "drivers") {
    if (!device.bars[0].base)
        return NULL; /* a machine without one */
    uint64_t now = nanoseconds(), passed = arch_time_ns() - first_ns;
    CHECK(now > first);
    uint64_t moved = now - first, apart = moved > passed ? moved - passed : passed - moved;
    CHECK(apart < NS_PER_SECOND);
    return NULL;
}
