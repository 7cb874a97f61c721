/* TCP, UDP, DNS and the rest between two stacks of the reference kernel. Usage: simulate <test> [seed]; prints what is
 * wrong and exits with 1, or prints figures and exits with 0. */
#include "link.h"
#include <auton/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("%s:%d: does not hold: %s (at %lu ms)\n", __FILE__, __LINE__, #cond,            \
                   (unsigned long)(host_now_us / 1000));                                           \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static const ip_addr_t A = IP(10, 0, 0, 1), B = IP(10, 0, 0, 2);

static void bad_link(unsigned percent) {
    link.drop = link.reorder = link.duplicate = link.delay = percent;
}

static void connect_pair(struct tcp_conn **client, struct tcp_conn **server, struct tcp_conn **listener) {
    int error;
    REQUIRE((*listener = tcp_listen(&hosts[1], 0, 80, 8, &error)));
    REQUIRE((*client = tcp_connect(&hosts[0], 0, 0, B, 80, &error)));
    *server = NULL;
    for (unsigned i = 0; i < 100000 && (tcp_connected(*client) == -EAGAIN || !*server); i++) {
        link_step();
        if (tcp_connected(*client) == -EHOSTUNREACH) { /* three questions of ARP, all lost */
            tcp_close(*client);
            REQUIRE((*client = tcp_connect(&hosts[0], 0, 0, B, 80, &error)));
        }
        if (!*server)
            *server = tcp_accept(*listener);
    }
    REQUIRE(tcp_connected(*client) == 0 && *server);
}

/* The byte at `i` of a direction's stream: every mistake in order or place shows. */
static uint8_t pattern(uint64_t i, unsigned direction) {
    uint64_t x = (i + 1) * 0x9E3779B97F4A7C15ULL + direction * 77;
    return (uint8_t)(x >> 56 ^ x >> 32);
}

struct stream {
    struct tcp_conn *from, *to;
    unsigned direction;
    uint64_t total, written, read;
    bool ended;
};

static void pump(struct stream *s) {
    uint8_t buffer[7000];
    while (s->written < s->total) {
        size_t n = 1 + host_below(sizeof buffer);
        n = n < s->total - s->written ? n : s->total - s->written;
        for (size_t i = 0; i < n; i++)
            buffer[i] = pattern(s->written + i, s->direction);
        int taken = tcp_write(s->from, buffer, n);
        if (taken == -EAGAIN)
            break;
        REQUIRE(taken > 0);
        s->written += (uint64_t)taken;
        if (s->written == s->total)
            REQUIRE(tcp_shutdown(s->from) == 0);
    }
    int n;
    while (!s->ended && (n = tcp_read(s->to, buffer, 1 + host_below(sizeof buffer))) != -EAGAIN) {
        REQUIRE(n >= 0);
        for (int i = 0; i < n; i++)
            REQUIRE(buffer[i] == pattern(s->read + (uint64_t)i, s->direction));
        s->read += (uint64_t)n;
        s->ended = n == 0;
    }
}

static void tcp_transfer(unsigned percent, uint64_t bytes) {
    struct tcp_conn *client, *server, *listener;
    bad_link(percent);
    uint64_t began = host_now_us;
    connect_pair(&client, &server, &listener);
    struct stream up = {client, server, 0, bytes, 0, 0, false}, down = {server, client, 1, bytes, 0, 0, false};
    client->nodelay = true; /* segments of odd lengths, so that the ring begins anew at odd places */
    while (!up.ended || !down.ended) {
        pump(&up);
        pump(&down);
        REQUIRE(host_now_us - began < 3600ull * 1000000);
        link_step();
    }
    REQUIRE(up.read == bytes && down.read == bytes);
    printf("%lu bytes each way, %u frames, %u lost, %lu ms\n", (unsigned long)bytes, link.frames, link.lost,
           (unsigned long)((host_now_us - began) / 1000));
    tcp_close(client);
    tcp_close(server);
    tcp_close(listener);
    link_run_ms(700000);
    REQUIRE(!tcp_next(&hosts[0], NULL) && !tcp_next(&hosts[1], NULL)); /* nothing is left of it */
}

static void tcp_clean(void) {
    tcp_transfer(0, 4 << 20);
}
static void tcp_bad(void) {
    tcp_transfer(5, 1 << 20);
}
static void tcp_worse(void) {
    tcp_transfer(20, 100000);
}

static void tcp_many(void) {
    enum { COUNT = 200 };
    static struct tcp_conn *clients[COUNT];
    int error, closed = 0, served = 0;
    bad_link(5);
    struct tcp_conn *listener = tcp_listen(&hosts[1], 0, 80, 64, &error), *open[COUNT];
    unsigned open_count = 0;
    static char got[COUNT][16];
    size_t got_bytes[COUNT] = {0};
    for (unsigned i = 0; i < COUNT; i++)
        REQUIRE((clients[i] = tcp_connect(&hosts[0], 0, 0, B, 80, &error)));
    bool asked[COUNT] = {false};
    for (unsigned step = 0; step < 2000000 && closed < COUNT; step++) {
        link_step();
        struct tcp_conn *c;
        while ((c = tcp_accept(listener)))
            open[open_count++] = c;
        for (unsigned i = 0; i < open_count; i++) {
            char line[16];
            int n = open[i] ? tcp_read(open[i], line, sizeof line) : -EAGAIN;
            if (n == -EAGAIN)
                continue;
            REQUIRE(n == 4 && tcp_write(open[i], line, 4) == 4);
            tcp_close(open[i]);
            open[i] = NULL;
            served++;
        }
        for (unsigned i = 0; i < COUNT; i++) {
            if (!clients[i])
                continue;
            if (!asked[i] && tcp_connected(clients[i]) == 0) {
                char line[8];
                snprintf(line, sizeof line, "%04u", i);
                REQUIRE(tcp_write(clients[i], line, 4) == 4);
                asked[i] = true;
            }
            int n = asked[i] ? tcp_read(clients[i], got[i] + got_bytes[i], sizeof got[i] - got_bytes[i]) : -EAGAIN;
            if (n == -EAGAIN)
                continue;
            REQUIRE(n >= 0);
            got_bytes[i] += (size_t)n;
            if (n == 0) {
                REQUIRE(got_bytes[i] == 4 && (unsigned)atoi(got[i]) == i);
                tcp_close(clients[i]);
                clients[i] = NULL;
                closed++;
            }
        }
    }
    REQUIRE(closed == COUNT && served == COUNT);
    tcp_close(listener);
    printf("%d connections\n", served);
}

/* A reader that does not read: the window closes, stays closed, opens. */
static void tcp_zero_window(void) {
    struct tcp_conn *client, *server, *listener;
    uint8_t block[4096];
    connect_pair(&client, &server, &listener);
    memset(block, 'x', sizeof block);
    uint64_t written = 0, read = 0;
    int n;
    for (unsigned i = 0; i < 400; i++) {
        while ((n = tcp_write(client, block, sizeof block)) > 0)
            written += (uint64_t)n;
        link_step();
    }
    REQUIRE(written >= 2 * TCP_BUFFER_FIRST && written == server->rx.used + client->tx.size);
    link_run_ms(300000); /* five minutes: probes go on, nobody gives up */
    REQUIRE(client->state == TCP_ESTABLISHED && client->probes > 3);
    link.cut = true; /* the update of the window is lost */
    while ((n = tcp_read(server, block, sizeof block)) > 0)
        read += (uint64_t)n;
    link.cut = false;
    for (unsigned i = 0; i < 10000 && read < written; i++) {
        link_step();
        while ((n = tcp_read(server, block, sizeof block)) > 0)
            read += (uint64_t)n;
    }
    REQUIRE(read == written);
    link.cut = true; /* and a peer that has gone is found out */
    while ((n = tcp_write(client, block, sizeof block)) > 0) {
    }
    link_run_ms(400000);
    REQUIRE(client->state == TCP_CLOSED && tcp_read(client, block, 1) == -ETIMEDOUT);
    tcp_close(client);
}

static void tcp_keepalive(void) {
    struct tcp_conn *client, *server, *listener;
    uint8_t byte;
    connect_pair(&client, &server, &listener);
    tcp_set_keepalive(client, 60);
    unsigned before = link.frames;
    link_run_ms(600000);
    REQUIRE(client->state == TCP_ESTABLISHED && link.frames > before + 8);
    link.cut = true;
    link_run_ms(900000);
    REQUIRE(client->state == TCP_CLOSED && tcp_read(client, &byte, 1) == -ETIMEDOUT);
    tcp_close(client);
    REQUIRE(server->state == TCP_ESTABLISHED); /* it has no keep-alive and nothing to send */
}

static uint16_t syn_at_s[16];
static unsigned syns;
static bool lose_syns(const uint8_t *frame, size_t bytes, unsigned from) {
    if (from != 0 || bytes < 54 || get16(frame + 12) != ETH_TYPE_IPV4 || frame[23] != IP_TCP || !(frame[47] & TCP_SYN))
        return true;
    if (syns < 16)
        syn_at_s[syns++] = (uint16_t)(host_now_us / 1000000);
    return false;
}

static void tcp_syn_retries(void) {
    int error;
    struct tcp_conn *c = tcp_connect(&hosts[0], 0, 0, B, 80, &error);
    link.filter = lose_syns;
    link_run_ms(200000);
    REQUIRE(c->state == TCP_CLOSED && tcp_connected(c) == -ETIMEDOUT);
    REQUIRE(syns == 1 + TCP_SYN_RETRIES);
    for (unsigned i = 1; i < syns; i++)
        REQUIRE(syn_at_s[i] - syn_at_s[i - 1] == 1 << (i - 1)); /* 1, 2, 4 ... seconds */
    tcp_close(c);
}

static void tcp_refused(void) {
    int error;
    struct tcp_conn *c = tcp_connect(&hosts[0], 0, 0, B, 81, &error);
    link_run_ms(100);
    REQUIRE(tcp_connected(c) == -ECONNREFUSED);
    tcp_close(c);
    c = tcp_connect(&hosts[0], 0, 0, IP(10, 0, 0, 77), 80, &error); /* no such neighbour */
    link_run_ms(5000);
    REQUIRE(tcp_connected(c) == -EHOSTUNREACH);
    tcp_close(c);
    REQUIRE(!tcp_connect(&hosts[0], 0, 0, IP(8, 8, 8, 8), 80, &error) && error == -ENETUNREACH);
}

/* --- forged packets --------------------------------------------------------------------------------------------- */
static size_t forge(uint8_t *frame, unsigned to, ip_addr_t src, ip_addr_t dst, uint8_t protocol, const void *data, size_t bytes) {
    memset(frame, 0, ETH_HEADER + IPV4_HEADER);
    memcpy(frame, hosts[to].ifs[1].mac, 6);
    memcpy(frame + 6, hosts[1 - to].ifs[1].mac, 6);
    put16(frame + 12, ETH_TYPE_IPV4);
    uint8_t *ip = frame + ETH_HEADER;
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)(IPV4_HEADER + bytes));
    ip[8] = 64;
    ip[9] = protocol;
    put32(ip + 12, src);
    put32(ip + 16, dst);
    put16(ip + 10, checksum_end(checksum_add(0, ip, IPV4_HEADER)));
    memcpy(ip + IPV4_HEADER, data, bytes);
    return ETH_HEADER + IPV4_HEADER + bytes;
}

static void forge_tcp(unsigned to, const struct tcp_conn *victim, uint32_t seq, uint32_t ack, uint8_t flags) {
    uint8_t tcp[TCP_HEADER] = {0}, frame[NET_FRAME];
    put16(tcp, victim->remote_port);
    put16(tcp + 2, victim->local_port);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    put16(tcp + 14, 1000);
    put16(tcp + 16, checksum_end(checksum_add(checksum_pseudo(victim->remote_ip, victim->local_ip, IP_TCP, 20), tcp, 20)));
    link_inject(to, frame, forge(frame, to, victim->remote_ip, victim->local_ip, IP_TCP, tcp, sizeof tcp));
}

static void tcp_forged(void) {
    struct tcp_conn *client, *server, *listener;
    uint8_t icmp[ICMP_HEADER + 28] = {3, 3}, frame[NET_FRAME], byte;
    connect_pair(&client, &server, &listener);
    forge_tcp(1, server, server->rcv_nxt + 100, 0, TCP_RST);                     /* in the window, not at its edge */
    forge_tcp(1, server, server->rcv_nxt - 1, 0, TCP_RST);
    forge_tcp(1, server, server->rcv_nxt + TCP_BUFFER_MOST + 5, 0, TCP_RST);
    forge_tcp(1, server, server->rcv_nxt, 0, TCP_SYN);
    forge_tcp(1, server, server->rcv_nxt, server->snd_nxt + 99999, TCP_ACK | TCP_FIN); /* acknowledges what was not sent */
    forge_tcp(1, server, server->rcv_nxt, server->snd_una - 70000, TCP_ACK | TCP_FIN);
    REQUIRE(server->state == TCP_ESTABLISHED);
    put32(icmp + 8, 0x45000028); /* "port unreachable", quoting a segment of the connection */
    icmp[8 + 9] = IP_TCP;
    put32(icmp + 8 + 12, server->local_ip);
    put32(icmp + 8 + 16, server->remote_ip);
    put16(icmp + 28, server->local_port);
    put16(icmp + 30, server->remote_port);
    put32(icmp + 32, server->snd_una);
    put16(icmp + 2, checksum_end(checksum_add(0, icmp, sizeof icmp)));
    link_inject(1, frame, forge(frame, 1, A, B, IP_ICMP, icmp, sizeof icmp));
    REQUIRE(server->state == TCP_ESTABLISHED);
    link_run_ms(1000);
    REQUIRE(tcp_write(client, "!", 1) == 1); /* both sides still agree */
    link_run_ms(1000);
    REQUIRE(tcp_read(server, &byte, 1) == 1 && byte == '!');
    forge_tcp(1, server, server->rcv_nxt, 0, TCP_RST); /* this one cannot be told from a real one */
    REQUIRE(server->state == TCP_CLOSED && tcp_read(server, &byte, 1) == -ECONNRESET);
    tcp_close(server);
    tcp_close(client);
}

static void tcp_syn_flood(void) {
    int error;
    struct tcp_conn *listener = tcp_listen(&hosts[1], 0, 80, 16, &error);
    for (unsigned i = 0; i < 5000; i++) {
        struct tcp_conn from = {.local_ip = B, .local_port = 80, .remote_ip = IP(10, 0, 0, 3 + i % 200),
                                .remote_port = (uint16_t)(1024 + i)};
        forge_tcp(1, &from, i * 777, 0, TCP_SYN);
    }
    REQUIRE(listener->pending <= 16);
    struct tcp_conn *client = tcp_connect(&hosts[0], 0, 0, B, 80, &error);
    link_run_ms(10000);
    REQUIRE(tcp_connected(client) == 0 && tcp_accept(listener)); /* who means it gets in */
    tcp_close(client);
    tcp_close(listener);
}

/* --- UDP, fragments, ping, names -------------------------------------------------------------------------------- */
static void udp_large(void) {
    static uint8_t out[60000], in[65536];
    struct udp_endpoint a = {0}, b = {0};
    ip_addr_t ip;
    uint16_t port;
    link.reorder = link.duplicate = 20;
    REQUIRE(udp_open(&hosts[0], &a, 0, 0) == 0 && udp_open(&hosts[1], &b, 0, 5000) == 0);
    for (unsigned i = 0; i < sizeof out; i++)
        out[i] = pattern(i, 3);
    REQUIRE(udp_send(&a, B, 5000, "x", 1) == 0); /* makes the neighbour known: only four packets wait for that */
    link_run_ms(100);
    while (udp_receive(&b, in, sizeof in, NULL, NULL) >= 0) {
    }
    REQUIRE(udp_send(&a, B, 5000, out, sizeof out) == 0);
    link_run_ms(1000);
    REQUIRE(udp_receive(&b, in, sizeof in, &ip, &port) == (int)sizeof out && ip == A && port == a.port);
    REQUIRE(memcmp(in, out, sizeof out) == 0);
    REQUIRE(udp_receive(&b, in, sizeof in, NULL, NULL) == -EAGAIN);
    b.peer_ip = A;
    b.peer_port = 1; /* takes nothing from others */
    REQUIRE(udp_send(&a, B, 5000, "x", 1) == 0);
    link_run_ms(100);
    REQUIRE(udp_receive(&b, in, sizeof in, NULL, NULL) == -EAGAIN);
    a.peer_ip = B;
    a.peer_port = 5001; /* nobody there */
    REQUIRE(udp_send(&a, B, 5001, "x", 1) == 0);
    link_run_ms(100);
    REQUIRE(udp_receive(&a, in, sizeof in, NULL, NULL) == -ECONNREFUSED);
    udp_close(&a);
    udp_close(&b);
}

static void fragments(void) {
    static uint8_t in[65536];
    struct udp_endpoint b = {0};
    uint8_t frame[NET_FRAME], udp[24] = {0};
    REQUIRE(udp_open(&hosts[1], &b, 0, 5000) == 0);
    put16(udp + 2, 5000);
    put16(udp + 4, sizeof udp);
    for (unsigned order = 0; order < 6; order++) { /* all orders of three fragments of 8 bytes */
        static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        for (unsigned i = 0; i < 3; i++) {
            unsigned part = orders[order][i];
            size_t bytes = forge(frame, 1, A, B, IP_UDP, udp + part * 8, 8);
            put16(frame + 18, (uint16_t)order);
            put16(frame + 20, (uint16_t)(part | (part < 2 ? 0x2000 : 0)));
            put16(frame + 24, 0);
            put16(frame + 24, checksum_end(checksum_add(0, frame + 14, 20)));
            REQUIRE(udp_receive(&b, in, sizeof in, NULL, NULL) == -EAGAIN);
            link_inject(1, frame, bytes);
        }
        REQUIRE(udp_receive(&b, in, sizeof in, NULL, NULL) == 16);
    }
    /* overlapping in part, lying about the end, too long: given up, and nothing is left of them */
    static const struct { uint16_t first, second; size_t bytes; } bad[] = {
        {0x2000, 0x0001, 16}, {0x0004, 0x2006, 8}, {0x0004, 0x0002, 8}, {0x2000, 0x1FFF, 16}, {0x3FFF, 0x2000, 24}};
    for (unsigned i = 0; i < 5; i++)
        for (unsigned half = 0; half < 2; half++) {
            size_t bytes = forge(frame, 1, A, B, IP_UDP, udp, half ? bad[i].bytes : 16);
            put16(frame + 18, (uint16_t)(100 + i));
            put16(frame + 20, half ? bad[i].second : bad[i].first);
            put16(frame + 24, 0);
            put16(frame + 24, checksum_end(checksum_add(0, frame + 14, 20)));
            link_inject(1, frame, bytes);
        }
    REQUIRE(udp_receive(&b, in, sizeof in, NULL, NULL) == -EAGAIN);
    link_run_ms(31000);
    for (unsigned i = 0; i < FRAGMENT_SLOTS; i++)
        REQUIRE(!hosts[1].fragments[i]);
    udp_close(&b);
}

static void ping(void) {
    struct ping p = {.ip = B};
    REQUIRE(ping_send(&hosts[0], &p, 56) == 0);
    link_run_ms(1000);
    REQUIRE(p.answered && p.rtt_us >= 1000 && p.rtt_us < 10000);
    ping_end(&hosts[0], &p);
    REQUIRE(ping_send(&hosts[0], &p, 20000) == 0); /* in fragments, both ways */
    link_run_ms(1000);
    REQUIRE(p.answered);
    ping_end(&hosts[0], &p);
    p.ip = IP(10, 0, 0, 99);
    REQUIRE(ping_send(&hosts[0], &p, 56) == 0);
    link_run_ms(5000);
    REQUIRE(!p.answered && p.error == -EHOSTUNREACH);
    ping_end(&hosts[0], &p);
    p.ip = IP_LOOPBACK;
    REQUIRE(ping_send(&hosts[0], &p, 56) == 0);
    link_run_ms(10);
    REQUIRE(p.answered);
    ping_end(&hosts[0], &p);
}

static struct udp_endpoint dns_server;
static unsigned dns_asked;
static void dns_answer(void *context, ip_addr_t src, uint16_t port, const uint8_t *data, size_t bytes) {
    (void)context;
    uint8_t out[512];
    memcpy(out, data, bytes);
    bool known = bytes == 12 + 8 + 5 + 4 && memcmp(data + 12, "\7example\3net", 12) == 0; /* example.net */
    dns_asked++;
    put16(out + 2, known ? 0x8180 : 0x8183);
    put16(out + 6, known ? 2 : 0);
    static const uint8_t records[] = {0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 'x', 0xC0, 20, /* an alias: x.net */
                                      1, 'x', 0xC0, 20, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4};
    if (known) {
        memcpy(out + bytes, records, sizeof records);
        bytes += sizeof records;
    }
    uint8_t forged[512]; /* somebody else is faster, but does not know the number */
    memcpy(forged, out, bytes);
    put16(forged, (uint16_t)(get16(forged) + 1));
    forged[bytes - 1] ^= 0xFF;
    udp_send(&dns_server, src, port, forged, bytes);
    udp_send(&dns_server, src, port, out, bytes);
}

static void dns(void) {
    static struct dns_query q;
    hosts[0].dns = B;
    dns_server.handler = dns_answer;
    REQUIRE(udp_open(&hosts[1], &dns_server, 0, 53) == 0);
    dns_lookup(&hosts[0], &q, "Example.NET.");
    REQUIRE(q.status == -EINPROGRESS);
    link_run_ms(500);
    REQUIRE(q.status == 0 && q.ip == IP(1, 2, 3, 4) && dns_asked == 1);
    dns_lookup(&hosts[0], &q, "example.net");
    REQUIRE(q.status == 0 && q.ip == IP(1, 2, 3, 4) && dns_asked == 1); /* from the cache */
    link_run_ms(61000);
    dns_lookup(&hosts[0], &q, "example.net");
    REQUIRE(q.status == -EINPROGRESS); /* its time was up */
    dns_cancel(&q);
    dns_lookup(&hosts[0], &q, "nobody.net");
    link_run_ms(500);
    REQUIRE(q.status == -ENOENT);
    for (unsigned i = 0; i < 100; i++) { /* the cache forgets the oldest, and holds */
        char name[32];
        snprintf(name, sizeof name, "n%u.net", i);
        dns_lookup(&hosts[0], &q, name);
        link_run_ms(20);
        REQUIRE(q.status == -ENOENT);
    }
    link.cut = true;
    dns_lookup(&hosts[0], &q, "other.net");
    link_run_ms(6900);
    REQUIRE(q.status == -EINPROGRESS); /* 1, 2 and 4 s */
    link_run_ms(200);
    REQUIRE(q.status == -ETIMEDOUT);
    dns_lookup(&hosts[0], &q, "10.0.0.9");
    REQUIRE(q.status == 0 && q.ip == IP(10, 0, 0, 9));
    dns_lookup(&hosts[0], &q, "a..b");
    REQUIRE(q.status == -EINVAL);
    udp_close(&dns_server);
}

/* --- DHCP ------------------------------------------------------------------------------------------------------- */
static struct udp_endpoint dhcp_server;
static unsigned dhcp_seen[9], dhcp_mode; /* mode 1: refuses, 2: silent */
static void dhcp_answer_to(void *context, ip_addr_t src, uint16_t port, const uint8_t *data, size_t bytes) {
    (void)context, (void)src, (void)port;
    uint8_t out[300] = {2, 1, 6};
    REQUIRE(bytes >= 300 && data[240] == 53 && data[242] <= 8);
    dhcp_seen[data[242]]++;
    if (dhcp_mode == 2)
        return;
    memcpy(out + 4, data + 4, 4);
    put32(out + 16, IP(10, 0, 0, 50));
    memcpy(out + 28, data + 28, 6);
    memcpy(out + 236, data + 236, 4);
    uint8_t type = data[242] == 1 ? 2 : dhcp_mode == 1 ? 6 : 5;
    const uint8_t options[] = {53, 1, type, 54, 4, 10, 0, 0, 2, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 2,
                               6, 4, 10, 0, 0, 2, 51, 4, 0, 0, 0, 200, 255};
    memcpy(out + 240, options, sizeof options);
    udp_send(&dhcp_server, 0xFFFFFFFF, 68, out, sizeof out);
}

static void dhcp(void) {
    struct net_if *iface = &hosts[0].ifs[1];
    net_set_address(iface, 0, 0, 0);
    dhcp_server.handler = dhcp_answer_to;
    dhcp_server.iface = &hosts[1].ifs[1];
    REQUIRE(udp_open(&hosts[1], &dhcp_server, 0, 67) == 0);
    dhcp_mode = 2;
    REQUIRE(dhcp_start(iface) == 0);
    link_run_ms(13900);
    REQUIRE(dhcp_seen[1] == 3 && !iface->ip); /* at once, after 2 and after 6 seconds */
    dhcp_mode = 0;
    link_run_ms(61000);
    REQUIRE(iface->ip == IP(10, 0, 0, 50) && iface->gateway == B && hosts[0].dns == B && dhcp_seen[3] == 1);
    uint32_t left = dhcp_lease_left(iface);
    REQUIRE(left > 100 && left <= 200);
    link_run_ms(110000);
    REQUIRE(iface->ip == IP(10, 0, 0, 50) && dhcp_seen[3] == 2 && dhcp_lease_left(iface) > 150); /* renewed */
    dhcp_mode = 2;
    link_run_ms(250000); /* nobody renews it: first the server is asked, then everybody, then it is over */
    REQUIRE(!iface->ip && dhcp_seen[3] >= 4);
    dhcp_mode = 0;
    link_run_ms(70000);
    REQUIRE(iface->ip == IP(10, 0, 0, 50));
    dhcp_mode = 1;
    link_run_ms(110000);
    REQUIRE(!iface->ip); /* refused */
    dhcp_stop(iface);
    udp_close(&dhcp_server);
}

static const struct { const char *name; void (*run)(void); } tests[] = {
    {"tcp_clean", tcp_clean}, {"tcp_bad", tcp_bad}, {"tcp_worse", tcp_worse}, {"tcp_many", tcp_many},
    {"tcp_zero_window", tcp_zero_window}, {"tcp_keepalive", tcp_keepalive}, {"tcp_syn_retries", tcp_syn_retries},
    {"tcp_refused", tcp_refused}, {"tcp_forged", tcp_forged}, {"tcp_syn_flood", tcp_syn_flood},
    {"udp_large", udp_large}, {"fragments", fragments}, {"ping", ping}, {"dns", dns}, {"dhcp", dhcp},
};

int main(int argc, char **argv) {
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
        if (argc > 1 && strcmp(argv[1], tests[i].name) == 0) {
            link_open(argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
            tests[i].run();
            link_close();
            REQUIRE(host_allocated == 0); /* nothing has leaked */
            return 0;
        }
    printf("no such test\n");
    return 2;
}
