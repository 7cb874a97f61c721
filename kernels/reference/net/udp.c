/* UDP (RFC 768): datagrams to the endpoint of their port. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "stack.h"

#define FIRST_FREE_PORT 49152
#define QUEUED_EXTRA 6 /* address and port in front of a queued datagram */

static bool fits(const struct udp_endpoint *ep, struct net_if *iface, ip_addr_t dst, uint16_t port, ip_addr_t src,
                 uint16_t src_port) {
    return ep->port == port && (!ep->ip || ep->ip == dst) && (!ep->iface || ep->iface == iface) &&
           (!ep->peer_ip || (ep->peer_ip == src && ep->peer_port == src_port));
}

static void queue(struct udp_endpoint *ep, ip_addr_t src, uint16_t port, const uint8_t *data, size_t bytes) {
    struct packet *p = NULL;
    if (ep->queued + bytes + sizeof *p <= UDP_QUEUE_BYTES)
        p = kmalloc(sizeof *p + QUEUED_EXTRA + bytes);
    if (!p)
        return; /* the reader is too slow: as if the network had lost it */
    p->next = NULL;
    p->bytes = bytes;
    put32(p->data, src);
    put16(p->data + 4, port);
    memcpy(p->data + QUEUED_EXTRA, data, bytes);
    if (ep->last)
        ep->last->next = p;
    else
        ep->first = p;
    ep->last = p;
    ep->queued += bytes + sizeof *p;
    net_notify(ep->net, ep->owner);
}

void udp_input(struct ip_packet *p) {
    struct net_stack *net = p->iface->net;
    size_t length = p->bytes >= UDP_HEADER ? get16(p->data + 4) : 0;
    if (length < UDP_HEADER || length > p->bytes ||
        (get16(p->data + 6) &&
         checksum_end(checksum_add(checksum_pseudo(p->src, p->dst, IP_UDP, length), p->data, length)) != 0)) {
        net->dropped++;
        return;
    }
    uint16_t from = get16(p->data), to = get16(p->data + 2);
    struct udp_endpoint *best = NULL;
    for (struct udp_endpoint *ep = net->udp; ep; ep = ep->next)
        if (fits(ep, p->iface, p->dst, to, p->src, from) && (!best || (ep->peer_ip && !best->peer_ip)))
            best = ep;
    if (!best)
        icmp_error(p, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE);
    else if (best->handler)
        best->handler(best->context, p->src, from, p->data + UDP_HEADER, length - UDP_HEADER);
    else
        queue(best, p->src, from, p->data + UDP_HEADER, length - UDP_HEADER);
}

static bool taken(struct net_stack *net, const struct udp_endpoint *self, ip_addr_t ip, uint16_t port) {
    for (struct udp_endpoint *ep = net->udp; ep; ep = ep->next)
        if (ep != self && ep->port == port && ep->iface == self->iface && (!ep->ip || !ip || ep->ip == ip))
            return true;
    return false;
}

int udp_open(struct net_stack *net, struct udp_endpoint *ep, ip_addr_t ip, uint16_t port) {
    if (ip && !ipv4_is_own(net, ip))
        return -EADDRNOTAVAIL;
    for (unsigned tries = 0; !port && tries < 64; tries++) {
        uint16_t candidate = (uint16_t)(FIRST_FREE_PORT + net_random32(net) % (65536 - FIRST_FREE_PORT));
        if (!taken(net, ep, ip, candidate))
            port = candidate;
    }
    if (!port || taken(net, ep, ip, port))
        return -EADDRINUSE;
    ep->net = net;
    ep->ip = ip;
    ep->port = port;
    ep->next = net->udp;
    net->udp = ep;
    return 0;
}

void udp_close(struct udp_endpoint *ep) {
    if (!ep->net)
        return;
    struct udp_endpoint **link = &ep->net->udp;
    while (*link != ep)
        link = &(*link)->next;
    *link = ep->next;
    while (ep->first) {
        struct packet *p = ep->first;
        ep->first = p->next;
        kfree(p);
    }
    ep->last = NULL;
    ep->queued = 0;
    ep->net = NULL;
}

int udp_send(struct udp_endpoint *ep, ip_addr_t ip, uint16_t port, const void *data, size_t bytes) {
    if (bytes > IPV4_MAX - IPV4_HEADER - UDP_HEADER)
        return -EMSGSIZE;
    ip_addr_t neighbour, src = ep->ip;
    struct net_if *iface = ep->iface ? ep->iface : ipv4_route(ep->net, ip, &neighbour);
    if (!iface)
        return -ENETUNREACH;
    if (!src)
        src = iface->loopback ? ip : iface->ip;
    uint8_t head[UDP_HEADER];
    put16(head, ep->port);
    put16(head + 2, port);
    put16(head + 4, (uint16_t)(UDP_HEADER + bytes));
    put16(head + 6, 0);
    uint32_t sum = checksum_add(checksum_pseudo(src, ip, IP_UDP, UDP_HEADER + bytes), head, UDP_HEADER);
    uint16_t checksum = checksum_end(checksum_add(sum, data, bytes));
    put16(head + 6, checksum ? checksum : 0xFFFF);
    struct piece pieces[] = {{head, UDP_HEADER}, {data, bytes}};
    if (ep->iface && ip == 0xFFFFFFFF)
        return ipv4_broadcast(iface, src, IP_UDP, pieces, 2);
    return ipv4_send(ep->net, src, ip, IP_UDP, pieces, 2);
}

int udp_receive(struct udp_endpoint *ep, void *data, size_t room, ip_addr_t *ip, uint16_t *port) {
    struct packet *p = ep->first;
    if (!p) {
        int error = ep->error;
        ep->error = 0;
        return error ? error : -EAGAIN;
    }
    ep->first = p->next;
    if (!ep->first)
        ep->last = NULL;
    ep->queued -= p->bytes + sizeof *p;
    if (ip)
        *ip = get32(p->data);
    if (port)
        *port = get16(p->data + 4);
    size_t n = p->bytes < room ? p->bytes : room;
    memcpy(data, p->data + QUEUED_EXTRA, n);
    kfree(p);
    return (int)n;
}

void udp_unreachable(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t ip, uint16_t port) {
    for (struct udp_endpoint *ep = net->udp; ep; ep = ep->next)
        if (ep->peer_ip && fits(ep, ep->iface, local, local_port, ip, port)) {
            ep->error = -ECONNREFUSED;
            net_notify(net, ep->owner);
        }
}
