/* ICMP (RFC 792, 1122): echo in both directions, errors that we send, errors that others send us. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "stack.h"
#include "tcp.h"

#define ERRORS_PER_SECOND 50 /* more of them help only who floods us */
#define QUOTE 8              /* bytes of the packet that an error quotes behind its header */

static void send(struct net_stack *net, ip_addr_t src, ip_addr_t dst, uint8_t head[ICMP_HEADER], const struct piece rest[2]) {
    put16(head + 2, 0);
    uint32_t sum = checksum_add(0, head, ICMP_HEADER);
    for (size_t i = 0; i < 2; i++)
        sum = checksum_add(sum, rest[i].data, rest[i].bytes);
    put16(head + 2, checksum_end(sum));
    struct piece pieces[] = {{head, ICMP_HEADER}, rest[0], rest[1]};
    ipv4_send(net, src, dst, IP_ICMP, pieces, 3);
}

void icmp_error(struct ip_packet *about, uint8_t type, uint8_t code) {
    struct net_stack *net = about->iface->net;
    if (about->broadcast || !about->src || ip_is_multicast(about->src) ||
        (about->protocol == IP_ICMP && (!about->bytes || (about->data[0] != ICMP_ECHO && about->data[0] != ICMP_ECHO_REPLY))))
        return; /* no errors about errors, nor to everybody */
    uint64_t second = net->now / 1000;
    if (second != net->icmp_second) {
        net->icmp_second = second;
        net->icmp_sent = 0;
    }
    if (net->icmp_sent++ >= ERRORS_PER_SECOND)
        return;
    uint8_t head[ICMP_HEADER] = {type, code};
    struct piece quote[2] = {{about->header, about->header_bytes},
                             {about->data, about->bytes < QUOTE ? about->bytes : QUOTE}};
    send(net, about->dst, about->src, head, quote);
}

/* Somebody says that what we sent did not get there. TCP and UDP find out whether we sent it at all. */
static void input_error(struct ip_packet *p) {
    const uint8_t *ip = p->data + ICMP_HEADER;
    size_t bytes = p->bytes - ICMP_HEADER;
    size_t header = bytes >= IPV4_HEADER ? (size_t)(ip[0] & 15) * 4 : 0;
    if (header < IPV4_HEADER || ip[0] >> 4 != 4 || bytes < header + QUOTE || !ipv4_is_own(p->iface->net, get32(ip + 12)))
        return;
    ip_addr_t local = get32(ip + 12), remote = get32(ip + 16);
    const uint8_t *transport = ip + header;
    bool port = p->data[1] == ICMP_PORT_UNREACHABLE || p->data[1] == ICMP_PROTOCOL_UNREACHABLE;
    if (ip[9] == IP_UDP && port)
        udp_unreachable(p->iface->net, local, get16(transport), remote, get16(transport + 2));
    else if (ip[9] == IP_TCP)
        tcp_unreachable(p->iface->net, local, get16(transport), remote, get16(transport + 2), get32(transport + 4),
                        port ? -ECONNREFUSED : -EHOSTUNREACH);
    else if (ip[9] == IP_ICMP && transport[0] == ICMP_ECHO)
        for (struct ping *ping = p->iface->net->pings; ping; ping = ping->next)
            if (ping->ip == remote && ping->id == get16(transport + 4) && !ping->answered) {
                ping->error = -EHOSTUNREACH;
                net_notify(p->iface->net, ping->owner);
            }
}

static void input_echo_reply(struct ip_packet *p) {
    struct net_stack *net = p->iface->net;
    for (struct ping *ping = net->pings; ping; ping = ping->next)
        if (ping->ip == p->src && ping->id == get16(p->data + 4) && ping->sequence == get16(p->data + 6) && !ping->answered) {
            ping->answered = true;
            ping->rtt_us = (uint32_t)(net->env.now_us(net->env.context) - ping->sent_us);
            net_notify(net, ping->owner);
        }
}

void icmp_input(struct ip_packet *p) {
    if (p->bytes < ICMP_HEADER || checksum_end(checksum_add(0, p->data, p->bytes)) != 0) {
        p->iface->net->dropped++;
        return;
    }
    switch (p->data[0]) {
    case ICMP_ECHO:
        if (!p->broadcast && p->src) {
            uint8_t head[ICMP_HEADER] = {ICMP_ECHO_REPLY};
            memcpy(head + 4, p->data + 4, 4);
            struct piece rest[2] = {{p->data + ICMP_HEADER, p->bytes - ICMP_HEADER}, {NULL, 0}};
            send(p->iface->net, p->dst, p->src, head, rest);
        }
        break;
    case ICMP_ECHO_REPLY: input_echo_reply(p); break;
    case ICMP_UNREACHABLE: input_error(p); break;
    }
}

int ping_send(struct net_stack *net, struct ping *ping, size_t bytes) {
    ip_addr_t neighbour;
    net_update_time(net);
    if (bytes > IPV4_MAX - IPV4_HEADER - ICMP_HEADER)
        return -EMSGSIZE;
    if (!ipv4_route(net, ping->ip, &neighbour))
        return -ENETUNREACH;
    uint8_t *data = kmalloc(bytes + 1);
    if (!data)
        return -ENOMEM;
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)i;
    uint32_t random = net_random32(net);
    ping->id = (uint16_t)random;
    ping->sequence = (uint16_t)(random >> 16);
    ping->answered = false;
    ping->error = 0;
    ping->next = net->pings;
    net->pings = ping;
    ping->sent_us = net->env.now_us(net->env.context);
    uint8_t head[ICMP_HEADER] = {ICMP_ECHO};
    put16(head + 4, ping->id);
    put16(head + 6, ping->sequence);
    send(net, 0, ping->ip, head, (struct piece[2]){{data, bytes}, {NULL, 0}});
    kfree(data);
    return 0;
}

void ping_end(struct net_stack *net, struct ping *ping) {
    struct ping **link = &net->pings;
    while (*link && *link != ping)
        link = &(*link)->next;
    if (*link)
        *link = ping->next;
}

void net_unreachable(struct net_stack *net, struct net_if *iface, ip_addr_t neighbour) {
    ip_addr_t next;
    for (struct ping *ping = net->pings; ping; ping = ping->next)
        if (ipv4_route(net, ping->ip, &next) == iface && next == neighbour) {
            ping->error = -EHOSTUNREACH;
            net_notify(net, ping->owner);
        }
    tcp_neighbour_gone(net, iface, neighbour);
}
