/* ARP (RFC 826): the Ethernet addresses of neighbours, and the packets that wait for one. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "stack.h"

#define KNOWN_FOR_MS (5 * 60 * 1000)
#define ASK_EVERY_MS 1000
#define ASK_TIMES 3
#define WAITING_MAX 4 /* packets for one neighbour; the oldest gives way */
#define ARP_BYTES 28

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_entry {
    struct net_if *iface; /* NULL: free */
    ip_addr_t ip;
    bool known;
    uint8_t mac[6];
    uint8_t asked;
    uint64_t until, used; /* ms: when it is forgotten or asked for again; when it was last needed */
    struct packet *waiting; /* oldest first, each a frame without its addresses */
    size_t waiting_count;
};

int arp_init(struct net_stack *net) {
    net->arp = kzalloc(ARP_ENTRIES * sizeof *net->arp);
    return net->arp ? 0 : -ENOMEM;
}

static void drop_waiting(struct arp_entry *e) {
    while (e->waiting) {
        struct packet *p = e->waiting;
        e->waiting = p->next;
        kfree(p);
    }
    e->waiting_count = 0;
}

static void forget(struct arp_entry *e) {
    drop_waiting(e);
    memset(e, 0, sizeof *e);
}

void arp_forget(struct net_if *iface) {
    for (size_t i = 0; i < ARP_ENTRIES; i++)
        if (iface->net->arp[i].iface == iface)
            forget(&iface->net->arp[i]);
}

static struct arp_entry *find(struct net_if *iface, ip_addr_t ip) {
    for (size_t i = 0; i < ARP_ENTRIES; i++)
        if (iface->net->arp[i].iface == iface && iface->net->arp[i].ip == ip)
            return &iface->net->arp[i];
    return NULL;
}

/* A free one, or in place of the one that was not needed for longest. */
static struct arp_entry *add(struct net_if *iface, ip_addr_t ip) {
    struct arp_entry *best = iface->net->arp;
    for (size_t i = 0; i < ARP_ENTRIES && best->iface; i++)
        if (!iface->net->arp[i].iface || iface->net->arp[i].used < best->used)
            best = &iface->net->arp[i];
    forget(best);
    best->iface = iface;
    best->ip = ip;
    best->used = iface->net->now;
    return best;
}

static void send(struct net_if *iface, uint16_t operation, const uint8_t *to_mac, ip_addr_t to_ip, const uint8_t *eth_dst) {
    uint8_t frame[ETH_HEADER + ARP_BYTES], *arp = frame + ETH_HEADER;
    static const uint8_t ethernet_ipv4[6] = {0, 1, 8, 0, 6, 4};
    memcpy(arp, ethernet_ipv4, 6);
    put16(arp + 6, operation);
    memcpy(arp + 8, iface->mac, 6);
    put32(arp + 14, iface->ip);
    if (to_mac)
        memcpy(arp + 18, to_mac, 6);
    else
        memset(arp + 18, 0, 6);
    put32(arp + 24, to_ip);
    eth_send(iface, eth_dst, ETH_TYPE_ARP, frame, ARP_BYTES);
}

void arp_announce(struct net_if *iface) {
    send(iface, ARP_REQUEST, NULL, iface->ip, NULL);
}

static void ask(struct arp_entry *e) {
    e->asked++;
    e->until = e->iface->net->now + ASK_EVERY_MS;
    net_timer(e->iface->net, e->until);
    send(e->iface, ARP_REQUEST, NULL, e->ip, NULL);
}

static void learn(struct arp_entry *e, const uint8_t mac[6]) {
    memcpy(e->mac, mac, 6);
    e->known = true;
    e->asked = 0;
    e->until = e->iface->net->now + KNOWN_FOR_MS;
    net_timer(e->iface->net, e->until);
    struct packet *first = e->waiting; /* taken off first: sending may come back here */
    e->waiting = NULL;
    e->waiting_count = 0;
    while (first) {
        struct packet *p = first;
        first = p->next;
        eth_send(e->iface, e->mac, ETH_TYPE_IPV4, p->data, p->bytes - ETH_HEADER);
        kfree(p);
    }
}

/* Only who was asked for, who is known, or who asks for us is learnt: nobody else can fill the table. */
void arp_input(struct net_if *iface, const uint8_t *data, size_t bytes) {
    static const uint8_t ethernet_ipv4[6] = {0, 1, 8, 0, 6, 4};
    if (bytes < ARP_BYTES || memcmp(data, ethernet_ipv4, 6) != 0 || iface->loopback) {
        iface->net->dropped++;
        return;
    }
    const uint8_t *mac = data + 8;
    uint16_t operation = get16(data + 6);
    ip_addr_t from = get32(data + 14), target = get32(data + 24);
    bool for_us = iface->ip && target == iface->ip;
    if (!from || from == iface->ip || ip_is_multicast(from) || (mac[0] & 1) ||
        (operation != ARP_REQUEST && operation != ARP_REPLY))
        return;
    struct arp_entry *e = find(iface, from);
    if (!e && for_us && operation == ARP_REQUEST && ((from ^ iface->ip) & iface->mask) == 0)
        e = add(iface, from);
    if (e)
        learn(e, mac);
    if (for_us && operation == ARP_REQUEST)
        send(iface, ARP_REPLY, mac, from, mac);
}

int arp_send(struct net_if *iface, ip_addr_t neighbour, uint8_t *frame, size_t payload) {
    struct arp_entry *e = find(iface, neighbour);
    if (!e)
        e = add(iface, neighbour);
    e->used = iface->net->now;
    if (e->known) {
        eth_send(iface, e->mac, ETH_TYPE_IPV4, frame, payload);
        return 0;
    }
    struct packet *p = kmalloc(sizeof *p + ETH_HEADER + payload);
    if (p) {
        p->next = NULL;
        p->bytes = ETH_HEADER + payload;
        memcpy(p->data, frame, p->bytes);
        struct packet **end = &e->waiting;
        while (*end)
            end = &(*end)->next;
        *end = p;
        if (++e->waiting_count > WAITING_MAX) {
            struct packet *oldest = e->waiting;
            e->waiting = oldest->next;
            e->waiting_count--;
            kfree(oldest);
        }
    }
    if (!e->asked)
        ask(e);
    return p ? 0 : -ENOBUFS;
}

void arp_timers(struct net_stack *net) {
    for (size_t i = 0; i < ARP_ENTRIES; i++) {
        struct arp_entry *e = &net->arp[i];
        if (!e->iface)
            continue;
        if (net->now < e->until) {
            net_timer(net, e->until);
        } else if (!e->known && e->asked < ASK_TIMES) {
            ask(e);
        } else {
            struct net_if *iface = e->known ? NULL : e->iface;
            ip_addr_t ip = e->ip;
            forget(e);
            if (iface)
                net_unreachable(net, iface, ip);
        }
    }
}
