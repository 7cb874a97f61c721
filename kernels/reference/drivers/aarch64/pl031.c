/* The PL031 clock: seconds since 1970, UTC, in one register. */
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/device_tree.h>
#include <auton/selftest.h>

#define SECONDS 0x00
#define CONTROL 0x0C
#define CONTROL_RUNS 1u
#define NS_PER_SECOND 1000000000ULL

static device_t device = {.bus = BUS_PLATFORM, .name = "rtc0"};
static uint64_t first, first_ns; /* what the clock said when it was found, and when that was */

static uint64_t seconds(void) {
    return arch_io_read32(device.bars[0].base + SECONDS);
}

bool rtc_read(struct rtc_time *out) {
    if (!device.bars[0].base)
        return false;
    *out = rtc_time_of(seconds());
    return true;
}

static int probe(device_t *dev) {
    static const char *const compatible[] = {"arm,pl031"};
    struct fdt_range registers;
    fdt_node_t node = device_tree_find(compatible, ARRAY_SIZE(compatible));
    if (node == FDT_NONE || !fdt_reg(device_tree(), node, 0, &registers))
        return -1;
    dev->bars[0] = (struct pci_bar){.base = registers.base, .size = registers.size, .is_mmio = true};
    arch_io_write32(registers.base + CONTROL, CONTROL_RUNS);
    first = seconds();
    first_ns = arch_time_ns();
    return 0;
}

static const struct driver_match match = {.bus = BUS_PLATFORM, .name = "rtc0"};
static driver_t driver = {.name = "pl031", .matches = &match, .match_count = 1, .probe = probe};
PLATFORM_DEVICE(rtc0, &device, &driver);

/* The clock goes, and as fast as the kernel's own: the longer the machine is up, the more this shows. */
SELFTEST(rtc_keeps_time, "drivers") {
    if (!device.bars[0].base)
        return NULL; /* a machine without one, or a kernel that has not looked */
    uint64_t passed = (arch_time_ns() - first_ns) / NS_PER_SECOND, moved = seconds() - first;
    CHECK(moved <= passed + 1 && passed <= moved + 1); /* each is cut to whole seconds */
    return NULL;
}
