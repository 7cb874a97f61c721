/* IPv4 (RFC 791, 1122): what comes is checked before anybody sees it; what goes finds its way and is cut to size. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "stack.h"
#include "tcp.h"

#define MORE_FRAGMENTS 0x2000
#define OFFSET_MASK 0x1FFF

bool ip_is_multicast(ip_addr_t ip) {
    return ip >= IP(224, 0, 0, 0);
}

static bool is_loopback(ip_addr_t ip) {
    return ip >> 24 == 127;
}

static bool is_broadcast(const struct net_if *iface, ip_addr_t ip) {
    return ip == 0xFFFFFFFF || (iface->ip && !iface->loopback && iface->mask < 0xFFFFFFFE &&
                                ((ip ^ iface->ip) & iface->mask) == 0 && (ip | iface->mask) == 0xFFFFFFFF);
}

bool ipv4_is_own(struct net_stack *net, ip_addr_t ip) {
    if (is_loopback(ip))
        return true;
    for (size_t i = 1; i < net->if_count; i++)
        if (net->ifs[i].net && net->ifs[i].ip == ip && ip)
            return true;
    return false;
}

/* Only to the interface's own address or to everybody; before there is an address, what DHCP may answer. */
static bool is_for_us(struct net_if *iface, const struct ip_packet *p) {
    if (iface->loopback)
        return ipv4_is_own(iface->net, p->dst);
    return p->dst == iface->ip || p->broadcast || (!iface->ip && p->protocol == IP_UDP);
}

static bool is_source(struct net_if *iface, ip_addr_t src) {
    if (iface->loopback)
        return ipv4_is_own(iface->net, src);
    return !ip_is_multicast(src) && !is_loopback(src) && !is_broadcast(iface, src) && !(src && src == iface->ip);
}

static bool has_source_route(const uint8_t *options, size_t bytes) {
    for (size_t i = 0; i < bytes;) {
        uint8_t kind = options[i];
        if (kind == 0)
            return false;
        if (kind == 131 || kind == 137)
            return true;
        if (kind != 1 && (i + 1 >= bytes || options[i + 1] < 2))
            return true; /* cannot be read: treated as the worst */
        i += kind == 1 ? 1 : options[i + 1];
    }
    return false;
}

void ipv4_input(struct net_if *iface, const uint8_t *data, size_t bytes) {
    size_t header = bytes >= IPV4_HEADER ? (size_t)(data[0] & 15) * 4 : 0;
    size_t total = bytes >= IPV4_HEADER ? get16(data + 2) : 0;
    if (header < IPV4_HEADER || data[0] >> 4 != 4 || total < header || total > bytes ||
        checksum_end(checksum_add(0, data, header)) != 0 ||
        has_source_route(data + IPV4_HEADER, header - IPV4_HEADER)) {
        iface->net->dropped++;
        return;
    }
    struct ip_packet p = {.iface = iface, .src = get32(data + 12), .dst = get32(data + 16), .protocol = data[9],
                          .header = data, .header_bytes = header, .data = data + header, .bytes = total - header};
    p.broadcast = is_broadcast(iface, p.dst);
    if (!is_source(iface, p.src) || !is_for_us(iface, &p)) {
        iface->net->dropped++;
        return;
    }
    uint16_t fragment = get16(data + 6);
    if (fragment & (MORE_FRAGMENTS | OFFSET_MASK))
        fragment_input(&p, get16(data + 4), (size_t)(fragment & OFFSET_MASK) * 8, (fragment & MORE_FRAGMENTS) != 0);
    else
        ipv4_deliver(&p);
}

void ipv4_deliver(struct ip_packet *p) {
    switch (p->protocol) {
    case IP_ICMP: icmp_input(p); break;
    case IP_UDP: udp_input(p); break;
    case IP_TCP: tcp_input(p); break;
    default: icmp_error(p, ICMP_UNREACHABLE, ICMP_PROTOCOL_UNREACHABLE);
    }
}

struct net_if *ipv4_route(struct net_stack *net, ip_addr_t dst, ip_addr_t *neighbour) {
    *neighbour = dst;
    if (ipv4_is_own(net, dst))
        return &net->ifs[0];
    if (!dst || ip_is_multicast(dst))
        return NULL;
    for (size_t i = 1; i < net->if_count; i++)
        if (net->ifs[i].ip && ((dst ^ net->ifs[i].ip) & net->ifs[i].mask) == 0)
            return &net->ifs[i];
    for (size_t i = 1; i < net->if_count; i++)
        if (net->ifs[i].ip && net->ifs[i].gateway) {
            *neighbour = net->ifs[i].gateway;
            return &net->ifs[i];
        }
    return NULL;
}

static int send_loopback(struct net_stack *net, const uint8_t *data, size_t bytes) {
    struct packet *p = net->loop_count < LOOPBACK_MAX ? kmalloc(sizeof *p + bytes) : NULL;
    if (!p)
        return -ENOBUFS;
    p->next = NULL;
    p->bytes = bytes;
    memcpy(p->data, data, bytes);
    if (net->loop_last)
        net->loop_last->next = p;
    else
        net->loop_first = p;
    net->loop_last = p;
    if (net->loop_count++ == 0 && net->env.kick)
        net->env.kick(net->env.context);
    return 0;
}

/* Copies `bytes` of the pieces from `offset` on. */
static void gather(uint8_t *out, const struct piece *pieces, size_t count, size_t offset, size_t bytes) {
    for (size_t i = 0; i < count && bytes; i++) {
        if (offset >= pieces[i].bytes) {
            offset -= pieces[i].bytes;
            continue;
        }
        size_t n = pieces[i].bytes - offset < bytes ? pieces[i].bytes - offset : bytes;
        memcpy(out, (const uint8_t *)pieces[i].data + offset, n);
        out += n;
        bytes -= n;
        offset = 0;
    }
}

/* `neighbour` 0 sends to everybody. */
static int send(struct net_if *iface, ip_addr_t src, ip_addr_t dst, ip_addr_t neighbour, uint8_t protocol,
                const struct piece *pieces, size_t count) {
    struct net_stack *net = iface->net;
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += pieces[i].bytes;
    if (total > IPV4_MAX - IPV4_HEADER)
        return -EMSGSIZE;
    uint8_t *ip = net->frame + ETH_HEADER;
    uint16_t id = net->ip_id++;
    size_t most = (NET_MTU - IPV4_HEADER) & ~(size_t)7, offset = 0;
    int status = 0;
    do {
        size_t bytes = total - offset <= NET_MTU - IPV4_HEADER ? total - offset : most;
        ip[0] = 0x45;
        ip[1] = 0;
        put16(ip + 2, (uint16_t)(IPV4_HEADER + bytes));
        put16(ip + 4, id);
        put16(ip + 6, (uint16_t)(offset / 8 | (offset + bytes < total ? MORE_FRAGMENTS : 0)));
        ip[8] = IPV4_TTL;
        ip[9] = protocol;
        put16(ip + 10, 0);
        put32(ip + 12, src);
        put32(ip + 16, dst);
        put16(ip + 10, checksum_end(checksum_add(0, ip, IPV4_HEADER)));
        gather(ip + IPV4_HEADER, pieces, count, offset, bytes);
        if (iface->loopback)
            status = send_loopback(net, ip, IPV4_HEADER + bytes);
        else if (!neighbour)
            eth_send(iface, NULL, ETH_TYPE_IPV4, net->frame, IPV4_HEADER + bytes);
        else
            status = arp_send(iface, neighbour, net->frame, IPV4_HEADER + bytes);
        offset += bytes;
    } while (offset < total && status == 0);
    return status;
}

int ipv4_send(struct net_stack *net, ip_addr_t src, ip_addr_t dst, uint8_t protocol, const struct piece *pieces, size_t count) {
    ip_addr_t neighbour;
    struct net_if *iface = ipv4_route(net, dst, &neighbour);
    if (!iface)
        return -ENETUNREACH;
    if (!src)
        src = iface->loopback ? dst : iface->ip;
    if (!iface->loopback && is_broadcast(iface, dst))
        neighbour = 0;
    return send(iface, src, dst, neighbour, protocol, pieces, count);
}

int ipv4_broadcast(struct net_if *iface, ip_addr_t src, uint8_t protocol, const struct piece *pieces, size_t count) {
    return send(iface, src, 0xFFFFFFFF, 0, protocol, pieces, count);
}
