/* Intel's gigabit Ethernet (8254x and 82574): takes the card over, quiet, and reads its address and link. Sending and
 * receiving belong to the network stack. */
#include <auton/dev.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>

enum reg { STATUS = 0x0008, INTERRUPT_MASK_CLEAR = 0x00D8, RECEIVE_CONTROL = 0x0100, TRANSMIT_CONTROL = 0x0400,
           ADDRESS_LOW = 0x5400, ADDRESS_HIGH = 0x5404 };
#define STATUS_LINK_UP 0x2u
#define ADDRESS_VALID (1u << 31)

struct e1000 {
    volatile uint32_t *regs;
    uint8_t mac[6];
};

static uint32_t in(const struct e1000 *nic, enum reg reg) {
    return nic->regs[reg / 4];
}

static void out(const struct e1000 *nic, enum reg reg, uint32_t value) {
    nic->regs[reg / 4] = value;
}

/* False when the registers hold no address that a card may have of its own. */
static bool decode_mac(uint32_t low, uint32_t high, uint8_t mac[6]) {
    const uint64_t bytes = (uint64_t)high << 32 | low;
    for (unsigned i = 0; i < 6; i++)
        mac[i] = (uint8_t)(bytes >> i * 8);
    bool multicast = mac[0] & 1, zero = (bytes & 0xFFFFFFFFFFFFull) == 0;
    return (high & ADDRESS_VALID) && !multicast && !zero;
}

static void quiet(const struct e1000 *nic) {
    out(nic, INTERRUPT_MASK_CLEAR, 0xFFFFFFFFu);
    out(nic, RECEIVE_CONTROL, 0);
    out(nic, TRANSMIT_CONTROL, 0);
}

static int probe(device_t *dev) {
    return dev->bars[0].is_mmio && dev->bars[0].base && dev->bars[0].size > ADDRESS_HIGH ? 0 : -1;
}

static int init(device_t *dev) {
    struct e1000 *nic = kzalloc(sizeof *nic);
    if (!nic)
        return -1;
    pci_enable(dev);
    nic->regs = pci_map_bar(dev, 0);
    if (!nic->regs || !decode_mac(in(nic, ADDRESS_LOW), in(nic, ADDRESS_HIGH), nic->mac)) {
        kfree(nic);
        return -2;
    }
    quiet(nic);
    dev->driver_data = nic;
    const uint8_t *m = nic->mac;
    log_info("DRV", "Ethernet %s: address %02x:%02x:%02x:%02x:%02x:%02x, link %s", dev->name, m[0], m[1], m[2], m[3],
             m[4], m[5], in(nic, STATUS) & STATUS_LINK_UP ? "up" : "down");
    return 0;
}

static void remove(device_t *dev) {
    quiet(dev->driver_data);
    kfree(dev->driver_data);
    dev->driver_data = NULL;
}

static int suspend(device_t *dev) {
    quiet(dev->driver_data);
    return 0;
}

#define INTEL(id) {BUS_PCI, 0x8086, (id), MATCH_ANY8, MATCH_ANY8, NULL}
static const struct driver_match e1000_matches[] = {
    INTEL(0x1004), INTEL(0x100C), INTEL(0x100E), INTEL(0x100F), INTEL(0x1010), INTEL(0x1026), INTEL(0x1076),
    INTEL(0x107C),
};
static const struct driver_match e1000e_matches[] = {INTEL(0x10D3), INTEL(0x10F6), INTEL(0x150C)};
#define DRIVER(driver_name, table)                                                                 \
    {.name = (driver_name), .matches = (table), .match_count = ARRAY_SIZE(table),                  \
     .probe = probe, .init = init, .remove = remove, .suspend = suspend}
static driver_t e1000 = DRIVER("e1000", e1000_matches), e1000e = DRIVER("e1000e", e1000e_matches);

static void e1000_register(void) {
    driver_register(&e1000);
    driver_register(&e1000e);
}
INITCALL(INIT_CORE_DRIVERS, e1000_register);

SELFTEST(e1000_address, "drivers") {
    static const uint8_t want[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    uint8_t mac[6];
    CHECK(decode_mac(0x12005452, 0x80005634, mac) && memcmp(mac, want, sizeof mac) == 0);
    CHECK(!decode_mac(0x12005452, 0x00005634, mac)); /* not marked valid */
    CHECK(!decode_mac(0x12005401, 0x80005634, mac)); /* multicast */
    CHECK(!decode_mac(0, 0x80000000, mac));
    CHECK(!decode_mac(0xFFFFFFFF, 0xFFFFFFFF, mac)); /* nothing answers */
    for (device_t *dev = device_first(); dev; dev = dev->next) {
        if (dev->driver != &e1000 && dev->driver != &e1000e)
            continue;
        const struct e1000 *nic = dev->driver_data;
        CHECK(decode_mac(in(nic, ADDRESS_LOW), in(nic, ADDRESS_HIGH), mac));
        CHECK(memcmp(mac, nic->mac, sizeof mac) == 0);
        CHECK(in(nic, RECEIVE_CONTROL) == 0);
    }
    return NULL;
}
