/* Intel's gigabit Ethernet (8254x and 82574): a ring of descriptors for what comes and one for what goes, each with a
 * buffer of its own, so that frames are copied once and nothing of the caller's is ever the card's. */
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/netdev.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/sync.h>

enum reg {
    CONTROL = 0x0000, STATUS = 0x0008, INTERRUPT_CAUSE = 0x00C0, INTERRUPT_MASK_SET = 0x00D0,
    INTERRUPT_MASK_CLEAR = 0x00D8, RECEIVE_CONTROL = 0x0100, TRANSMIT_CONTROL = 0x0400, TRANSMIT_GAP = 0x0410,
    RECEIVE_BASE = 0x2800, TRANSMIT_BASE = 0x3800, MULTICAST_TABLE = 0x5200, ADDRESS_LOW = 0x5400, ADDRESS_HIGH = 0x5404
};
enum ring_reg { BASE_LOW = 0x00, BASE_HIGH = 0x04, LENGTH = 0x08, HEAD = 0x10, TAIL = 0x18 }; /* from a ring's base */
#define CONTROL_AUTO_SPEED (1u << 5)
#define CONTROL_LINK_UP (1u << 6)
#define CONTROL_RESET (1u << 26)
#define STATUS_LINK_UP 0x2u
#define ADDRESS_VALID (1u << 31)
#define CAUSE_LINK (1u << 2)
#define CAUSE_RECEIVE (1u << 4 | 1u << 6 | 1u << 7) /* few descriptors left, none left, frames are there */
#define RECEIVE_ENABLE (1u << 1)
#define RECEIVE_BROADCAST (1u << 15)
#define RECEIVE_STRIP_CRC (1u << 26)     /* buffers of 2048 bytes: 0 in bits 16 and 17 */
#define TRANSMIT_ENABLE (1u << 1)
#define TRANSMIT_PAD (1u << 3)
#define TRANSMIT_COLLISIONS (15u << 4 | 64u << 12)
#define GAP_VALUES (10u | 8u << 10 | 6u << 20)
#define RESET_NS 20000000ull

#define SLOTS 64u /* a ring's length in bytes is a multiple of 128 */
#define SLOT_BYTES 2048u
#define FRAME_MIN 60u
#define FRAME_HEADER 14u

struct receive_descriptor {
    uint64_t address;
    uint16_t bytes, checksum;
    volatile uint8_t status;
    uint8_t errors;
    uint16_t special;
};
struct transmit_descriptor {
    uint64_t address;
    uint16_t bytes;
    uint8_t checksum_offset, command;
    volatile uint8_t status;
    uint8_t checksum_start;
    uint16_t special;
};
#define DONE 0x1u
#define RECEIVED_END 0x2u  /* the frame ends in this buffer */
#define SEND_END 0x1u
#define SEND_CRC 0x2u
#define SEND_REPORT 0x8u

struct rings { /* all that the card reads and writes by itself */
    struct receive_descriptor receive[SLOTS];
    struct transmit_descriptor transmit[SLOTS];
    uint8_t received[SLOTS][SLOT_BYTES], sent[SLOTS][SLOT_BYTES];
};

struct e1000 {
    device_t *dev;
    volatile uint32_t *regs;
    net_device_t net;
    struct rings *rings;
    phys_addr_t rings_phys;
    spinlock_t lock;            /* of the transmit ring */
    unsigned next_receive, next_send, next_sent; /* next_sent: the oldest that the card may not be done with */
    bool in_long_frame;         /* its rest is passed over */
};

static uint32_t in(const struct e1000 *nic, uint32_t reg) {
    return nic->regs[reg / 4];
}

static void out(const struct e1000 *nic, uint32_t reg, uint32_t value) {
    nic->regs[reg / 4] = value;
}

/* --- frames --- */

static int transmit(net_device_t *net, const void *frame, size_t bytes) {
    struct e1000 *nic = net->driver_data;
    struct rings *rings = nic->rings;
    if (bytes > NETDEV_FRAME_MAX)
        return -EMSGSIZE;
    if (!net->link_up)
        return -ENETDOWN;
    uint64_t irq = spin_lock(&nic->lock);
    while (nic->next_sent != nic->next_send && (rings->transmit[nic->next_sent].status & DONE))
        nic->next_sent = (nic->next_sent + 1) % SLOTS;
    unsigned slot = nic->next_send, after = (slot + 1) % SLOTS;
    bool full = after == nic->next_sent; /* one stays free: equal ends mean an empty ring */
    if (full) {
        net->counters.tx_dropped++;
    } else {
        size_t padded = bytes < FRAME_MIN ? FRAME_MIN : bytes;
        memcpy(rings->sent[slot], frame, bytes);
        memset(rings->sent[slot] + bytes, 0, padded - bytes);
        struct transmit_descriptor *d = &rings->transmit[slot];
        d->bytes = (uint16_t)padded;
        d->command = SEND_END | SEND_CRC | SEND_REPORT;
        d->status = 0;
        nic->next_send = after;
        dma_barrier();
        out(nic, TRANSMIT_BASE + TAIL, after);
        net->counters.tx_frames++;
        net->counters.tx_bytes += bytes;
    }
    spin_unlock(&nic->lock, irq);
    return full ? -EAGAIN : 0;
}

/* Takes what is in a slot; 0 when it is no frame that may be passed on. */
static size_t unpack(struct e1000 *nic, unsigned slot, void *frame, size_t room) {
    const struct receive_descriptor *d = &nic->rings->receive[slot];
    size_t bytes = d->bytes;
    bool ends = d->status & RECEIVED_END, rest = nic->in_long_frame;
    nic->in_long_frame = !ends;
    if (!ends || rest || d->errors || bytes < FRAME_HEADER || bytes > NETDEV_FRAME_MAX || bytes > room) {
        nic->net.counters.rx_dropped++;
        return 0;
    }
    memcpy(frame, nic->rings->received[slot], bytes);
    nic->net.counters.rx_frames++;
    nic->net.counters.rx_bytes += bytes;
    return bytes;
}

static bool has_received(const struct e1000 *nic) {
    return nic->rings->receive[nic->next_receive].status & DONE;
}

static size_t receive(net_device_t *net, void *frame, size_t room) {
    struct e1000 *nic = net->driver_data;
    for (;;) {
        while (has_received(nic)) {
            dma_barrier(); /* the rest of the descriptor is read after its status */
            unsigned slot = nic->next_receive;
            size_t bytes = unpack(nic, slot, frame, room);
            nic->rings->receive[slot].status = 0;
            nic->next_receive = (slot + 1) % SLOTS;
            dma_barrier();
            out(nic, RECEIVE_BASE + TAIL, slot);
            if (bytes)
                return bytes;
        }
        out(nic, INTERRUPT_MASK_SET, CAUSE_RECEIVE);
        dma_barrier();
        if (!has_received(nic)) /* none came between the last look and the interrupt's release */
            return 0;
        out(nic, INTERRUPT_MASK_CLEAR, CAUSE_RECEIVE);
    }
}

static bool interrupt(device_t *dev) {
    struct e1000 *nic = dev->driver_data;
    uint32_t cause = in(nic, INTERRUPT_CAUSE);
    if (!cause || cause == UINT32_MAX)
        return false;
    out(nic, INTERRUPT_CAUSE, cause); /* reading clears it on most models only */
    if (cause & CAUSE_LINK)
        netdev_set_link(&nic->net, in(nic, STATUS) & STATUS_LINK_UP);
    if (!(cause & CAUSE_RECEIVE))
        return true;
    out(nic, INTERRUPT_MASK_CLEAR, CAUSE_RECEIVE); /* until receive() has found nothing */
    if (nic->net.on_receive)
        nic->net.on_receive(&nic->net);
    return true;
}

/* --- the card --- */

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

static const struct net_device_ops operations = {transmit, receive};

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
    nic->net.ops = &operations;
    nic->net.driver_data = nic;
    nic->dev->driver_data = nic;
    pci_set_master(nic->dev, true);
    result = irq_attach(nic->dev, interrupt);
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

/* Frames that no card should hand over, in a ring that no card reads. */
SELFTEST(e1000_bad_frames, "drivers") {
    static uint8_t frame[NETDEV_FRAME_MAX];
    struct e1000 *nic = kzalloc(sizeof *nic);
    phys_addr_t phys;
    struct rings *rings = nic ? nic->rings = dma_alloc(sizeof *rings, &phys) : NULL;
    bool kept[7] = {false};
    static const struct receive_descriptor cases[7] = {
        {.bytes = 60, .status = DONE | RECEIVED_END},               /* good */
        {.bytes = 60, .status = DONE | RECEIVED_END, .errors = 1},
        {.bytes = 13, .status = DONE | RECEIVED_END},
        {.bytes = 0xFFFF, .status = DONE | RECEIVED_END},
        {.bytes = 2048, .status = DONE},                            /* goes on */
        {.bytes = 100, .status = DONE | RECEIVED_END},              /* its rest */
        {.bytes = NETDEV_FRAME_MAX, .status = DONE | RECEIVED_END}, /* good */
    };
    for (unsigned i = 0; rings && i < ARRAY_SIZE(cases); i++) {
        rings->receive[i] = cases[i];
        kept[i] = unpack(nic, i, frame, sizeof frame) != 0;
    }
    bool no_room = rings && unpack(nic, 6, frame, 100) == 0;
    bool had_memory = rings != NULL;
    dma_free(rings, sizeof *rings);
    kfree(nic);
    CHECK(had_memory);
    CHECK(kept[0] && !kept[1] && !kept[2] && !kept[3] && !kept[4] && !kept[5] && kept[6] && no_room);
    return NULL;
}
