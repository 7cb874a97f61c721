/* Intel's gigabit Ethernet (8254x and 82574): finding the card, its address, starting and stopping it. */
#include "e1000.h"
#include <auton/arch.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define CONTROL_AUTO_SPEED (1u << 5)
#define CONTROL_LINK_UP (1u << 6)
#define CONTROL_RESET (1u << 26)
#define ADDRESS_VALID (1u << 31)
#define RECEIVE_ENABLE (1u << 1)
#define RECEIVE_BROADCAST (1u << 15)
#define RECEIVE_STRIP_CRC (1u << 26)     /* buffers of 2048 bytes: 0 in bits 16 and 17 */
#define TRANSMIT_ENABLE (1u << 1)
#define TRANSMIT_PAD (1u << 3)
#define TRANSMIT_COLLISIONS (15u << 4 | 64u << 12)
#define GAP_VALUES (10u | 8u << 10 | 6u << 20)
#define RESET_NS 20000000ull

static void quiet(const struct e1000 *nic) {
    out(nic, INTERRUPT_MASK_CLEAR, UINT32_MAX);
    out(nic, RECEIVE_CONTROL, 0);
    out(nic, TRANSMIT_CONTROL, 0);
    in(nic, INTERRUPT_CAUSE);
}

/* False when the registers hold no address that a card may have of its own. */
static bool decode_mac(uint32_t low, uint32_t high, uint8_t mac[6]) {
    const uint64_t bytes = (uint64_t)high << 32 | low;
    for (unsigned i = 0; i < 6; i++)
        mac[i] = (uint8_t)(bytes >> i * 8);
    bool multicast = mac[0] & 1, zero = (bytes & 0xFFFFFFFFFFFFull) == 0;
    return (high & ADDRESS_VALID) && !multicast && !zero;
}

/* The address is kept over the reset: some models take it from their memory again, some not. */
static int reset(const struct e1000 *nic) {
    uint32_t low = in(nic, ADDRESS_LOW), high = in(nic, ADDRESS_HIGH);
    uint64_t start = arch_time_ns();
    quiet(nic);
    out(nic, CONTROL, in(nic, CONTROL) | CONTROL_RESET);
    while (in(nic, CONTROL) & CONTROL_RESET)
        if (arch_time_ns() - start > RESET_NS)
            return -EIO;
    quiet(nic);
    out(nic, ADDRESS_LOW, low);
    out(nic, ADDRESS_HIGH, high);
    return 0;
}

static void start_ring(const struct e1000 *nic, uint32_t base, phys_addr_t descriptors, uint32_t bytes) {
    out(nic, base + BASE_LOW, (uint32_t)descriptors);
    out(nic, base + BASE_HIGH, (uint32_t)(descriptors >> 32));
    out(nic, base + LENGTH, bytes);
    out(nic, base + HEAD, 0);
    out(nic, base + TAIL, 0);
}

static void start(struct e1000 *nic) {
    struct rings *rings = nic->rings;
    memset(rings->receive, 0, sizeof rings->receive);
    memset(rings->transmit, 0, sizeof rings->transmit);
    for (unsigned i = 0; i < SLOTS; i++) {
        rings->receive[i].address = virt_to_phys(rings->received[i]);
        rings->transmit[i].address = virt_to_phys(rings->sent[i]);
    }
    nic->next_receive = nic->next_send = nic->next_sent = 0;
    nic->in_long_frame = false;
    for (uint32_t i = 0; i < 128; i++)
        out(nic, MULTICAST_TABLE + i * 4, 0);
    start_ring(nic, RECEIVE_BASE, virt_to_phys(rings->receive), sizeof rings->receive);
    start_ring(nic, TRANSMIT_BASE, virt_to_phys(rings->transmit), sizeof rings->transmit);
    out(nic, CONTROL, in(nic, CONTROL) | CONTROL_LINK_UP | CONTROL_AUTO_SPEED);
    out(nic, TRANSMIT_GAP, GAP_VALUES);
    out(nic, TRANSMIT_CONTROL, TRANSMIT_ENABLE | TRANSMIT_PAD | TRANSMIT_COLLISIONS);
    out(nic, RECEIVE_CONTROL, RECEIVE_ENABLE | RECEIVE_BROADCAST | RECEIVE_STRIP_CRC);
    dma_barrier();
    out(nic, RECEIVE_BASE + TAIL, SLOTS - 1);
    nic->net.link_up = in(nic, STATUS) & STATUS_LINK_UP;
    out(nic, INTERRUPT_MASK_SET, CAUSE_LINK | CAUSE_RECEIVE);
}

static int probe(device_t *dev) {
    return dev->bars[0].is_mmio && dev->bars[0].base && dev->bars[0].size > ADDRESS_HIGH ? 0 : -ENODEV;
}

static int take_over(struct e1000 *nic) {
    pci_enable(nic->dev);
    nic->regs = pci_map_bar(nic->dev, 0);
    if (!nic->regs)
        return -ENXIO;
    int result = reset(nic);
    if (result)
        return result;
    if (!decode_mac(in(nic, ADDRESS_LOW), in(nic, ADDRESS_HIGH), nic->net.mac))
        return -EPROTO;
    nic->net.ops = &e1000_frame_ops;
    nic->net.driver_data = nic;
    nic->dev->driver_data = nic;
    pci_set_master(nic->dev, true);
    result = irq_attach(nic->dev, e1000_interrupt);
    if (result == 0) {
        start(nic);
        result = netdev_register(&nic->net);
    }
    return result;
}

static void release(struct e1000 *nic) {
    irq_detach(nic->dev);
    pci_set_master(nic->dev, false);
    dma_free(nic->rings, sizeof *nic->rings);
    nic->dev->driver_data = NULL;
    kfree(nic);
}

static int init(device_t *dev) {
    struct e1000 *nic = kzalloc(sizeof *nic);
    if (!nic)
        return -ENOMEM;
    nic->dev = dev;
    nic->rings = dma_alloc(sizeof *nic->rings, &nic->rings_phys);
    int result = nic->rings ? take_over(nic) : -ENOMEM;
    if (result) {
        if (nic->regs)
            quiet(nic);
        release(nic);
        return result;
    }
    const uint8_t *m = nic->net.mac;
    log_info("DRV", "Ethernet %s: Intel at %s, address %02x:%02x:%02x:%02x:%02x:%02x, link %s", nic->net.name, dev->name,
             m[0], m[1], m[2], m[3], m[4], m[5], nic->net.link_up ? "up" : "down");
    return 0;
}

static void remove(device_t *dev) {
    struct e1000 *nic = dev->driver_data;
    netdev_unregister(&nic->net);
    quiet(nic);
    release(nic);
}

static int suspend(device_t *dev) {
    struct e1000 *nic = dev->driver_data;
    nic->net.link_up = false;
    quiet(nic);
    return 0;
}

static int resume(device_t *dev) {
    struct e1000 *nic = dev->driver_data;
    int result = reset(nic);
    if (result == 0)
        start(nic);
    return result;
}

#define INTEL(id) {BUS_PCI, 0x8086, (id), MATCH_ANY8, MATCH_ANY8, NULL}
static const struct driver_match e1000_matches[] = {
    INTEL(0x1004), INTEL(0x100C), INTEL(0x100E), INTEL(0x100F), INTEL(0x1010), INTEL(0x1026), INTEL(0x1076),
    INTEL(0x107C),
};
static const struct driver_match e1000e_matches[] = {INTEL(0x10D3), INTEL(0x10F6), INTEL(0x150C)};
#define DRIVER(driver_name, table)                                                                 \
    {.name = (driver_name), .matches = (table), .match_count = ARRAY_SIZE(table), .probe = probe,  \
     .init = init, .remove = remove, .suspend = suspend, .resume = resume}
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
    return NULL;
}
