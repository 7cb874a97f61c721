/* Frames, as they come from a card, into a stack that has an address, a listener, an established connection, an open
 * UDP port, a question to a name server and a DHCP client. A record is two bytes of length and flags, and a frame.
 * FIXED makes addresses, checksums and, as distances to what the connection expects, TCP's numbers right, so that the
 * fuzzer gets past the first checks. A record without bytes lets time pass. */
#include "fuzz.h"
#include "../../../kernels/reference/net/dns.h"
#include "../../../kernels/reference/net/tcp.h"
#include <auton/mm.h>
#include <auton/string.h>

#define FIXED 0x8000
#define LENGTH 0x07FF

extern void *malloc(size_t bytes);

static struct net_stack net;
static uint64_t now;
static uint8_t last[NET_FRAME];
static const ip_addr_t us = IP(10, 0, 0, 1), them = IP(10, 0, 0, 2);
static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, their_mac[6] = {2, 0, 0, 0, 0, 2};

void *kmalloc(size_t bytes) {
    return bytes ? malloc(bytes) : NULL;
}

static uint64_t now_us(void *context) {
    (void)context;
    return now;
}
static void random_bytes_of(void *context, void *out, size_t bytes) {
    static uint32_t state = 1;
    (void)context;
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)out)[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
}
static int transmit(void *card, const void *frame, size_t bytes) {
    (void)card;
    PROMISE(bytes >= ETH_HEADER && bytes <= NET_FRAME);
    touch(frame, bytes);
    memcpy(last, frame, bytes);
    return 0;
}

static void input(const uint8_t *frame, size_t bytes) {
    uint8_t *copy = malloc(bytes ? bytes : 1); /* as long as it is: a byte too many is seen */
    memcpy(copy, frame, bytes);
    if (net.ifs[1].net)
        net_input(&net.ifs[1], copy, bytes);
    kfree(copy);
}

static void fix_tcp(uint8_t *tcp, size_t bytes, const struct tcp_conn *c) {
    put16(tcp, tcp[0] & 1 ? 4000 : get16(tcp));
    put16(tcp + 2, tcp[2] & 1 ? 80 : get16(tcp + 2));
    if (c && tcp[0] & 1) {
        put32(tcp + 4, c->rcv_nxt + (uint32_t)(int16_t)get16(tcp + 4));
        put32(tcp + 8, c->snd_una + (uint32_t)(int16_t)get16(tcp + 8));
    }
    put16(tcp + 16, 0);
    put16(tcp + 16, checksum_end(checksum_add(checksum_pseudo(them, us, IP_TCP, bytes), tcp, bytes)));
}

static void fix(uint8_t *frame, size_t bytes, const struct tcp_conn *c) {
    if (bytes < ETH_HEADER + IPV4_HEADER)
        return;
    memcpy(frame, our_mac, 6);
    memcpy(frame + 6, their_mac, 6);
    uint8_t *ip = frame + ETH_HEADER;
    if (get16(frame + 12) == ETH_TYPE_ARP)
        return;
    put16(frame + 12, ETH_TYPE_IPV4);
    size_t header = ip[0] & 1 ? IPV4_HEADER : (size_t)(ip[0] & 15) * 4, payload = bytes - ETH_HEADER - header;
    if (header < IPV4_HEADER || header > bytes - ETH_HEADER)
        return;
    ip[0] = (uint8_t)(0x40 | header / 4);
    put16(ip + 2, (uint16_t)(bytes - ETH_HEADER));
    put32(ip + 12, them);
    put32(ip + 16, ip[16] == 255 ? 0xFFFFFFFF : us);
    put16(ip + 10, 0);
    put16(ip + 10, checksum_end(checksum_add(0, ip, header)));
    bool whole = (get16(ip + 6) & 0x3FFF) == 0;
    if (ip[9] == IP_TCP && payload >= TCP_HEADER && whole)
        fix_tcp(ip + header, payload, c);
    if (ip[9] == IP_ICMP && payload >= ICMP_HEADER && whole) {
        put16(ip + header + 2, 0);
        put16(ip + header + 2, checksum_end(checksum_add(0, ip + header, payload)));
    }
    if (ip[9] == IP_UDP && payload >= UDP_HEADER && whole)
        put16(ip + header + 6, 0);
}

static void handshake_segment(uint32_t seq, uint32_t ack, uint8_t flags) {
    uint8_t f[ETH_HEADER + IPV4_HEADER + TCP_HEADER] = {0}, *tcp = f + ETH_HEADER + IPV4_HEADER;
    f[ETH_HEADER] = 0x45;
    f[ETH_HEADER + 9] = IP_TCP;
    put16(tcp, 4000);
    put16(tcp + 2, 80);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    put16(tcp + 14, 4000);
    fix(f, sizeof f, NULL);
    put16(tcp, 4000);
    put16(tcp + 2, 80);
    put16(tcp + 16, 0);
    put16(tcp + 16, checksum_end(checksum_add(checksum_pseudo(them, us, IP_TCP, 20), tcp, 20)));
    input(f, sizeof f);
}

static struct tcp_conn *connection(struct tcp_conn *listener) {
    uint8_t arp[ETH_HEADER + 28] = {0};
    memcpy(arp, our_mac, 6);
    memcpy(arp + 6, their_mac, 6);
    memcpy(arp + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10); /* they ask for us, and are known from then on */
    memcpy(arp + 22, their_mac, 6);
    put32(arp + 28, them);
    put32(arp + 38, us);
    input(arp, sizeof arp);
    handshake_segment(1000, 0, TCP_SYN);
    handshake_segment(1001, get32(last + ETH_HEADER + IPV4_HEADER + 4) + 1, TCP_ACK);
    struct tcp_conn *c = tcp_accept(listener);
    PROMISE(c && c->state == TCP_ESTABLISHED);
    return c;
}

/* What a program does meanwhile; false when the connection is to be closed. */
static void use(struct tcp_conn *c, struct udp_endpoint *udp, uint8_t what) {
    uint8_t buffer[512] = {0};
    ip_addr_t ip;
    uint16_t port;
    if (what & 1)
        tcp_write(c, buffer, sizeof buffer);
    if (what & 2)
        tcp_read(c, buffer, sizeof buffer);
    if (what & 4)
        udp_receive(udp, buffer, sizeof buffer, &ip, &port);
    if (what & 8)
        tcp_shutdown(c);
}

static void check(const struct tcp_conn *c) {
    PROMISE(c->rx.used <= c->rx.size && c->tx.used <= c->tx.size && c->range_count <= TCP_RANGES);
    PROMISE(seq_le(c->snd_una, c->snd_nxt) && seq_le(c->snd_nxt, c->snd_max));
    for (unsigned i = 0; i < c->range_count; i++) {
        PROMISE(seq_lt(c->ranges[i].start, c->ranges[i].end) && seq_lt(c->rcv_nxt, c->ranges[i].start));
        PROMISE(i == 0 || seq_lt(c->ranges[i - 1].end, c->ranges[i].start));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct net_env env = {.now_us = now_us, .random = random_bytes_of};
    struct udp_endpoint udp = {0};
    struct dns_query query = {.status = 0};
    int error;
    now = 1000000;
    if (net_stack_init(&net, &env) != 0)
        return 0;
    struct net_if *iface = net_add_if(&net, "eth0", our_mac, transmit, NULL);
    net_set_address(iface, us, IP(255, 255, 255, 0), them);
    struct tcp_conn *listener = tcp_listen(&net, 0, 80, 4, &error), *c = connection(listener);
    PROMISE(udp_open(&net, &udp, 0, 7) == 0);
    net.dns = them;
    dns_lookup(&net, &query, "a.b");
    if (size && data[0] & 1)
        dhcp_start(iface);
    while (size >= 2) {
        uint8_t frame[LENGTH + 1];
        uint16_t head = get16(data);
        size_t bytes = head & LENGTH;
        data += 2, size -= 2;
        bytes = bytes < size ? bytes : size;
        memcpy(frame, data, bytes);
        data += bytes, size -= bytes;
        if (bytes == 0)
            now += (uint64_t)(head >> 11 & 15) * (head >> 11 & 15) * 100000;
        else if (head & FIXED)
            fix(frame, bytes, c);
        if (bytes)
            input(frame, bytes);
        use(c, &udp, (uint8_t)(head >> 11));
        if (c->net && c->state != TCP_CLOSED)
            check(c);
        for (unsigned i = 0; i < 64 && net_poll(&net) == 0; i++)
            now += 1000; /* a stack that always has something to do would hang here */
    }
    tcp_close(c);
    tcp_close(listener);
    dns_cancel(&query);
    udp_close(&udp);
    net_stack_free(&net);
    return 0;
}
