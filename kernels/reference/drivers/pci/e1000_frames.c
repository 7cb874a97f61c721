/* Frames of Intel's gigabit Ethernet: a ring of descriptors for what comes and one for what goes, each with a buffer of its
 * own, so that frames are copied once and nothing of the caller's is ever the card's. */
#include "e1000.h"
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define FRAME_MIN 60u
#define FRAME_HEADER 14u
#define DONE 0x1u
#define RECEIVED_END 0x2u  /* the frame ends in this buffer */
#define SEND_END 0x1u
#define SEND_CRC 0x2u
#define SEND_REPORT 0x8u

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

bool e1000_interrupt(device_t *dev) {
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

const struct net_device_ops e1000_frame_ops = {transmit, receive};

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
