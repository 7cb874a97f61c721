/* Self-tests of the sockets, over the loopback interface: threads that wait for each other in one machine. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define TIMEOUT_MS 5000
#define PORT 47001
#define MANY 100000 /* bytes: more than the buffers of both ends hold */

SELFTEST(net_address_text, "net") {
    char text[IP_TEXT];
    ip_addr_t ip;
    CHECK(ip_parse("10.0.2.15", &ip) && ip == IP(10, 0, 2, 15));
    CHECK(strcmp(ip_format(IP(255, 0, 10, 1), text), "255.0.10.1") == 0);
    CHECK(!ip_parse("10.0.2", &ip) && !ip_parse("10.0.2.256", &ip) && !ip_parse("1.2.3.4.", &ip) && !ip_parse("", &ip));
    CHECK(!ip_parse("1..2.3", &ip) && !ip_parse("00001.2.3.4", &ip) && !ip_parse("a.b.c.d", &ip));
    return NULL;
}

static socket_t *open_socket(enum socket_type type) {
    socket_t *s = net_socket(type);
    if (s)
        net_set_timeout(s, TIMEOUT_MS);
    return s;
}

SELFTEST(net_udp, "net") {
    socket_t *a = open_socket(SOCKET_UDP), *b = open_socket(SOCKET_UDP);
    char text[32];
    ip_addr_t ip;
    uint16_t port, own;
    CHECK(a && b && net_bind(a, IP_LOOPBACK, PORT) == 0 && net_bind(b, 0, PORT) == -EADDRINUSE);
    CHECK(net_bind(b, IP(9, 9, 9, 9), 0) == -EADDRNOTAVAIL && net_bind(b, 0, 0) == 0 && net_local(b, &ip, &own) == 0);
    CHECK(net_send_to(b, "over here", 9, IP_LOOPBACK, PORT) == 9);
    CHECK(net_receive_from(a, text, sizeof text, &ip, &port) == 9 && memcmp(text, "over here", 9) == 0);
    CHECK(ip == IP_LOOPBACK && port == own);
    CHECK(net_connect(b, IP_LOOPBACK, PORT) == 0 && net_send(b, "more", 4) == 4 && net_receive(a, text, 2) == 2);
    net_set_timeout(a, 30);
    CHECK(net_receive(a, text, sizeof text) == -ETIMEDOUT); /* the rest of a datagram is gone */
    CHECK(net_listen(a, 1) == -EOPNOTSUPP && net_set_nodelay(a, true) == -EOPNOTSUPP && net_set_keepalive(a, 1) == -EOPNOTSUPP);
    CHECK(net_send_to(a, "x", 1, 0, 0) == -EDESTADDRREQ);
    net_close(a);
    net_set_timeout(b, 1000);
    CHECK(net_send(b, "gone", 4) == 4 && net_receive(b, text, sizeof text) == -ECONNREFUSED);
    net_close(b);
    return NULL;
}

/* Sends back what it gets until the other side ends. */
static volatile int echoed;
static void echo_thread(void *arg) {
    socket_t *listener = arg, *s;
    uint8_t *buffer = kmalloc(3000);
    int n;
    echoed = -1;
    if (buffer && net_accept(listener, &s, NULL, NULL) == 0) {
        echoed = 0;
        while ((n = net_receive(s, buffer, 3000)) > 0 && net_send(s, buffer, (size_t)n) == n)
            echoed += n;
        net_close(s);
    }
    kfree(buffer);
}

static volatile bool wrote_all;
static void write_thread(void *arg) {
    uint8_t block[500];
    wrote_all = true;
    for (size_t sent = 0; sent < MANY; sent += sizeof block) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = (uint8_t)((sent + i) * 7 >> 3);
        wrote_all &= net_send(arg, block, sizeof block) == sizeof block;
    }
    wrote_all &= net_shutdown(arg) == 0;
}

SELFTEST(net_tcp, "net") {
    socket_t *listener = open_socket(SOCKET_TCP), *s = open_socket(SOCKET_TCP);
    uint8_t *buffer = kmalloc(4096);
    ip_addr_t ip;
    uint16_t port;
    CHECK(listener && s && buffer && net_bind(listener, IP_LOOPBACK, 0) == 0 && net_listen(listener, 4) == 0);
    CHECK(net_local(listener, &ip, &port) == 0 && port != 0);
    CHECK(net_send(s, "x", 1) == -ENOTCONN && net_receive(s, buffer, 1) == -ENOTCONN && net_shutdown(s) == -ENOTCONN);
    tid_t echo = thread_create("test-echo", PRIO_USER, echo_thread, listener);
    CHECK(echo && net_set_nodelay(s, true) == 0 && net_set_keepalive(s, 60) == 0 && net_connect(s, IP_LOOPBACK, port) == 0);
    CHECK(net_connect(s, IP_LOOPBACK, port) == -EISCONN && net_listen(s, 1) == -EISCONN);
    struct net_connection list[64];
    size_t n = net_connections(list, ARRAY_SIZE(list)), seen = 0;
    for (size_t i = 0; i < n; i++)
        seen += list[i].tcp && strcmp(list[i].state, "ESTABLISHED") == 0 && list[i].remote_port == port;
    CHECK(seen == 1);
    tid_t writer = thread_create("test-writer", PRIO_USER, write_thread, s);
    CHECK(writer);
    size_t got = 0;
    int bytes;
    while ((bytes = net_receive(s, buffer, 4096)) > 0)
        for (int i = 0; i < bytes; i++, got++)
            CHECK(buffer[i] == (uint8_t)(got * 7 >> 3));
    CHECK(bytes == 0 && got == MANY);
    CHECK(thread_join(writer, TIMEOUT_MS) == 0 && wrote_all && thread_join(echo, TIMEOUT_MS) == 0 && echoed == MANY);
    CHECK(net_send(s, "x", 1) == -EPIPE);
    net_close(s);
    net_close(listener);
    kfree(buffer);
    return NULL;
}

static volatile int accept_status;
static void accept_thread(void *arg) {
    socket_t *s;
    accept_status = net_accept(arg, &s, NULL, NULL);
}

SELFTEST(net_cancel, "net") {
    socket_t *listener = net_socket(SOCKET_TCP), *s = open_socket(SOCKET_TCP), *out;
    CHECK(listener && s && net_bind(listener, 0, PORT) == 0 && net_listen(listener, 1) == 0);
    accept_status = 1;
    tid_t tid = thread_create("test-accept", PRIO_USER, accept_thread, listener);
    CHECK(tid && thread_join(tid, 30) == -1); /* it waits, for ever */
    net_cancel(listener);
    CHECK(thread_join(tid, TIMEOUT_MS) == 0 && accept_status == -ECANCELED);
    CHECK(net_accept(listener, &out, NULL, NULL) == -ECANCELED);
    net_close(listener);
    CHECK(net_connect(s, IP_LOOPBACK, PORT) == -ECONNREFUSED); /* nobody listens any more */
    CHECK(net_connect(s, IP(0, 0, 0, 0), PORT) == -ENETUNREACH);
    net_close(s);
    net_close(NULL);
    return NULL;
}

/* A port whose last connection waits at its other end, in this machine, is not free yet. */
SELFTEST(net_port_reuse, "net") {
    socket_t *listener = open_socket(SOCKET_TCP), *a = open_socket(SOCKET_TCP), *b;
    char text[4];
    CHECK(listener && a && net_bind(listener, IP_LOOPBACK, 0) == 0 && net_listen(listener, 1) == 0);
    ip_addr_t ip;
    uint16_t port, own;
    CHECK(net_local(listener, &ip, &port) == 0 && net_connect(a, IP_LOOPBACK, port) == 0 && net_local(a, &ip, &own) == 0);
    CHECK(net_accept(listener, &b, NULL, NULL) == 0);
    net_close(b); /* the first to close is the one that waits */
    CHECK(net_receive(a, text, sizeof text) == 0);
    net_close(a);
    thread_sleep_ms(20);
    a = open_socket(SOCKET_TCP);
    CHECK(a && net_bind(a, IP_LOOPBACK, own) == 0 && net_connect(a, IP_LOOPBACK, port) == -EADDRINUSE);
    net_close(a);
    net_close(listener);
    return NULL;
}

/* Whatever is opened, used and closed leaves no memory behind. */
SELFTEST(net_no_leaks, "net") {
    uint64_t before = 0;
    for (unsigned i = 0; i < 12; i++) {
        socket_t *listener = open_socket(SOCKET_TCP), *a = open_socket(SOCKET_TCP), *b;
        char text[8];
        CHECK(listener && a && net_bind(listener, IP_LOOPBACK, 0) == 0 && net_listen(listener, 4) == 0);
        ip_addr_t ip;
        uint16_t port;
        CHECK(net_local(listener, &ip, &port) == 0 && net_connect(a, IP_LOOPBACK, port) == 0);
        CHECK(net_accept(listener, &b, &ip, &port) == 0 && ip == IP_LOOPBACK);
        CHECK(net_send(a, "ping", 4) == 4 && net_receive(b, text, sizeof text) == 4 && net_send(b, "pong", 4) == 4);
        net_close(b);
        CHECK(net_receive(a, text, sizeof text) == 4 && net_receive(a, text, sizeof text) == 0);
        net_close(a);
        net_close(listener);
        thread_sleep_ms(20); /* the last segments; then only the connection in TIME_WAIT stays, a minute */
        struct mm_stats stats;
        mm_get_stats(&stats);
        if (i == 3)
            before = stats.free_bytes;
        CHECK(i <= 3 || stats.free_bytes + 4 * PAGE_SIZE >= before);
    }
    return NULL;
}
