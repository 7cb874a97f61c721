/* Intel's gigabit Ethernet: what the driver's two files share. e1000.c handles the card, e1000_frames.c what comes and goes. */
#pragma once
#include <auton/dev.h>
#include <auton/netdev.h>
#include <auton/sync.h>

enum reg {
    CONTROL = 0x0000, STATUS = 0x0008, INTERRUPT_CAUSE = 0x00C0, INTERRUPT_MASK_SET = 0x00D0,
    INTERRUPT_MASK_CLEAR = 0x00D8, RECEIVE_CONTROL = 0x0100, TRANSMIT_CONTROL = 0x0400, TRANSMIT_GAP = 0x0410,
    RECEIVE_BASE = 0x2800, TRANSMIT_BASE = 0x3800, MULTICAST_TABLE = 0x5200, ADDRESS_LOW = 0x5400, ADDRESS_HIGH = 0x5404
};
enum ring_reg { BASE_LOW = 0x00, BASE_HIGH = 0x04, LENGTH = 0x08, HEAD = 0x10, TAIL = 0x18 }; /* from a ring's base */
#define STATUS_LINK_UP 0x2u
#define CAUSE_LINK (1u << 2)
#define CAUSE_RECEIVE (1u << 4 | 1u << 6 | 1u << 7) /* few descriptors left, none left, frames are there */

#define SLOTS 64u /* a ring's length in bytes is a multiple of 128 */
#define SLOT_BYTES 2048u

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

static inline uint32_t in(const struct e1000 *nic, uint32_t reg) {
    return nic->regs[reg / 4];
}

static inline void out(const struct e1000 *nic, uint32_t reg, uint32_t value) {
    nic->regs[reg / 4] = value;
}

/* e1000_frames.c */
extern const struct net_device_ops e1000_frame_ops;
bool e1000_interrupt(device_t *dev);
