/* Reassembly of IPv4 fragments (RFC 791, 815). A bit for every 8 bytes tells what has come. Fragments that overlap in
 * part have no honest sender: their datagram is given up, as RFC 5722 has it for IPv6. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "stack.h"

#define LIFETIME_MS 30000
#define UNITS ((IPV4_MAX + 7) / 8)

struct datagram {
    ip_addr_t src, dst;
    uint16_t id;
    uint8_t protocol;
    struct net_if *iface;
    uint64_t until;
    size_t total;      /* bytes; 0 until the last fragment has come */
    size_t highest;    /* end of what has come */
    size_t units;      /* how many have come */
    bool broadcast, spoilt; /* spoilt: nothing more is taken, so that its rest does not begin a new one */
    size_t header_bytes;    /* of the first fragment; 0 until it has come */
    uint8_t header[60];
    uint8_t have[(UNITS + 7) / 8];
    uint8_t *data;          /* 64 KB */
};

static void release(struct net_stack *net, size_t slot) {
    kfree(net->fragments[slot]->data);
    kfree(net->fragments[slot]);
    net->fragments[slot] = NULL;
}

void fragment_free_all(struct net_stack *net) {
    for (size_t i = 0; i < FRAGMENT_SLOTS; i++)
        if (net->fragments[i])
            release(net, i);
}

/* The slot of this packet's datagram, begun if need be in place of the oldest. FRAGMENT_SLOTS: no memory. */
static size_t slot_of(struct ip_packet *p, uint16_t id) {
    struct net_stack *net = p->iface->net;
    size_t oldest = 0, slot = FRAGMENT_SLOTS;
    for (size_t i = 0; i < FRAGMENT_SLOTS; i++) {
        struct datagram *d = net->fragments[i];
        if (!d) {
            slot = i;
            continue;
        }
        if (d->src == p->src && d->dst == p->dst && d->id == id && d->protocol == p->protocol && d->iface == p->iface)
            return i;
        if (!net->fragments[oldest] || d->until < net->fragments[oldest]->until)
            oldest = i;
    }
    if (slot == FRAGMENT_SLOTS) {
        release(net, oldest);
        slot = oldest;
    }
    struct datagram *d = kzalloc(sizeof *d);
    uint8_t *data = d ? kmalloc(UNITS * 8) : NULL;
    if (!data) {
        kfree(d);
        return FRAGMENT_SLOTS;
    }
    d->src = p->src;
    d->dst = p->dst;
    d->id = id;
    d->protocol = p->protocol;
    d->iface = p->iface;
    d->broadcast = p->broadcast;
    d->data = data;
    d->until = net->now + LIFETIME_MS;
    net_timer(net, d->until);
    net->fragments[slot] = d;
    return slot;
}

enum place { NEW, DUPLICATE, CONFLICT };

static enum place place_of(const struct datagram *d, size_t first, size_t last) {
    size_t set = 0;
    for (size_t unit = first; unit < last; unit++)
        set += d->have[unit / 8] >> unit % 8 & 1;
    return set == 0 ? NEW : set == last - first ? DUPLICATE : CONFLICT;
}

void fragment_input(struct ip_packet *p, uint16_t id, size_t offset, bool more) {
    struct net_stack *net = p->iface->net;
    size_t end = offset + p->bytes;
    if (!p->bytes || end > IPV4_MAX - IPV4_HEADER || (more && p->bytes % 8 != 0)) {
        net->dropped++;
        return;
    }
    size_t slot = slot_of(p, id);
    if (slot == FRAGMENT_SLOTS)
        return;
    struct datagram *d = net->fragments[slot];
    size_t first = offset / 8, last = (end + 7) / 8;
    bool lies = (d->total && (end > d->total || (!more && end != d->total))) || (!more && d->highest > end);
    enum place place = place_of(d, first, last);
    if (d->spoilt || lies || place == CONFLICT) {
        d->spoilt = true; /* until its time is up */
        net->dropped++;
        return;
    }
    if (place == DUPLICATE)
        return;
    for (size_t unit = first; unit < last; unit++)
        d->have[unit / 8] |= (uint8_t)(1 << unit % 8);
    d->units += last - first;
    memcpy(d->data + offset, p->data, p->bytes);
    if (end > d->highest)
        d->highest = end;
    if (!more)
        d->total = end;
    if (offset == 0) {
        d->header_bytes = p->header_bytes;
        memcpy(d->header, p->header, p->header_bytes);
    }
    if (!d->total || d->units != (d->total + 7) / 8)
        return;
    struct ip_packet whole = {.iface = d->iface, .src = d->src, .dst = d->dst, .protocol = d->protocol,
                              .broadcast = d->broadcast, .header = d->header, .header_bytes = d->header_bytes,
                              .data = d->data, .bytes = d->total};
    net->fragments[slot] = NULL; /* delivering may free the stack's datagrams */
    ipv4_deliver(&whole);
    kfree(d->data);
    kfree(d);
}

void fragment_timers(struct net_stack *net) {
    for (size_t i = 0; i < FRAGMENT_SLOTS; i++) {
        struct datagram *d = net->fragments[i];
        if (!d)
            continue;
        if (net->now < d->until) {
            net_timer(net, d->until);
            continue;
        }
        net->fragments[i] = NULL;
        struct ip_packet about = {.iface = d->iface, .src = d->src, .dst = d->dst, .protocol = d->protocol,
                                  .broadcast = d->broadcast, .header = d->header, .header_bytes = d->header_bytes,
                                  .data = d->data, .bytes = d->highest};
        if (d->header_bytes && !d->spoilt && d->have[0] & 1) /* without its beginning nobody knows whose it was */
            icmp_error(&about, ICMP_TIME_EXCEEDED, 1);
        kfree(d->data);
        kfree(d);
    }
}
