/* What a socket asks of TCP: listen, connect, read, write, close. */
#include <auton/errno.h>
#include <auton/string.h>
#include "tcp.h"

#define FIRST_FREE_PORT 49152

/* Within one machine the other end may still be in TIME_WAIT when this one is free again: it would refuse the new one. */
static bool taken(struct net_stack *net, ip_addr_t local, uint16_t port, ip_addr_t remote, uint16_t remote_port) {
    return tcp_find(net, local, port, remote, remote_port) || tcp_find(net, remote, remote_port, local, port);
}

static uint16_t free_port(struct net_stack *net, ip_addr_t local, ip_addr_t remote, uint16_t remote_port) {
    for (unsigned tries = 0; tries < 64; tries++) {
        uint16_t port = (uint16_t)(FIRST_FREE_PORT + net_random32(net) % (65536 - FIRST_FREE_PORT));
        if (!taken(net, local, port, remote, remote_port) && !tcp_find_listener(net, local, port))
            return port;
    }
    return 0;
}

struct tcp_conn *tcp_listen(struct net_stack *net, ip_addr_t ip, uint16_t port, unsigned backlog, int *error) {
    net_update_time(net);
    *error = ip && !ipv4_is_own(net, ip) ? -EADDRNOTAVAIL : 0;
    if (!*error && !port)
        port = free_port(net, ip, 0, 0);
    for (struct tcp_conn *c = tcp_next(net, NULL); c && !*error; c = tcp_next(net, c))
        if (c->state == TCP_LISTEN && c->local_port == port && (!ip || !c->local_ip || c->local_ip == ip))
            *error = -EADDRINUSE;
    if (!port)
        *error = -EADDRINUSE;
    if (*error)
        return NULL;
    struct tcp_conn *c = tcp_new(net, ip, port, 0, 0);
    *error = c ? 0 : -ENOBUFS;
    if (!c)
        return NULL;
    c->state = TCP_LISTEN;
    c->backlog = backlog ? backlog : 1;
    return c;
}

struct tcp_conn *tcp_accept(struct tcp_conn *l) {
    struct tcp_conn **link = &l->queue;
    while (*link && (*link)->state == TCP_SYN_RECEIVED)
        link = &(*link)->queue_next;
    struct tcp_conn *c = *link;
    if (!c)
        return NULL;
    *link = c->queue_next;
    l->ready--;
    c->listener = NULL;
    c->orphan = false;
    return c;
}

struct tcp_conn *tcp_connect(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t ip, uint16_t port, int *error) {
    ip_addr_t neighbour;
    net_update_time(net);
    struct net_if *iface = ipv4_route(net, ip, &neighbour);
    *error = !port ? -EINVAL : iface ? 0 : -ENETUNREACH;
    if (*error)
        return NULL;
    if (!local)
        local = iface->loopback ? ip : iface->ip;
    if (!local_port)
        local_port = free_port(net, local, ip, port);
    if (!local_port || taken(net, local, local_port, ip, port)) {
        *error = -EADDRINUSE;
        return NULL;
    }
    struct tcp_conn *c = tcp_new(net, local, local_port, ip, port);
    *error = c ? 0 : -ENOBUFS;
    if (!c)
        return NULL;
    c->state = TCP_SYN_SENT;
    tcp_send_syn(c);
    return c;
}

int tcp_connected(struct tcp_conn *c) {
    if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED)
        return -EAGAIN;
    return c->state == TCP_CLOSED ? (c->error ? c->error : -ECONNRESET) : 0;
}

static bool more_may_come(const struct tcp_conn *c) {
    return c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED || c->state == TCP_ESTABLISHED ||
           c->state == TCP_FIN_WAIT_1 || c->state == TCP_FIN_WAIT_2;
}

int tcp_read(struct tcp_conn *c, void *data, size_t room) {
    net_update_time(c->net);
    if (c->state == TCP_LISTEN)
        return -ENOTCONN;
    if (!c->rx.used)
        return more_may_come(c) && room ? -EAGAIN : c->error;
    uint32_t n = c->rx.used < room ? c->rx.used : (uint32_t)room;
    ring_read(&c->rx, data, 0, n);
    ring_drop(&c->rx, n);
    c->read_since += n;
    /* The reader keeps up and the ring is what the peer waits for. Nothing is in it now that a larger one would lose. */
    if (!c->rx.used && !c->range_count && c->read_since >= 2 * c->rx.size && ring_grow(&c->rx))
        c->read_since = 0;
    uint32_t grown = c->rcv_nxt + tcp_window(c) - c->rcv_adv;
    if (more_may_come(c) && c->state != TCP_SYN_RECEIVED && (grown >= c->rx.size / 2 || (grown >= 2 * TCP_MSS && c->unacked)))
        tcp_send_ack(c); /* the peer may wait for the window to open */
    return (int)n;
}

int tcp_write(struct tcp_conn *c, const void *data, size_t bytes) {
    net_update_time(c->net);
    if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED)
        return -EAGAIN;
    if (c->state != TCP_ESTABLISHED && c->state != TCP_CLOSE_WAIT)
        return c->error ? c->error : c->state == TCP_LISTEN ? -ENOTCONN : -EPIPE;
    if (c->fin_queued)
        return -EPIPE;
    if (!ring_ready(&c->tx))
        return -ENOBUFS;
    if (c->tx.used == c->tx.size && c->snd_wnd >= c->tx.size && c->cwnd >= c->tx.size)
        ring_grow(&c->tx); /* the peer and the way to it have room for more than we hold */
    uint32_t room = c->tx.size - c->tx.used, n = room < bytes ? room : (uint32_t)bytes;
    if (!n)
        return bytes ? -EAGAIN : 0;
    ring_store(&c->tx, c->tx.used, data, n);
    c->tx.used += n;
    tcp_output(c);
    return (int)n;
}

int tcp_shutdown(struct tcp_conn *c) {
    net_update_time(c->net);
    if (c->state == TCP_ESTABLISHED)
        c->state = TCP_FIN_WAIT_1;
    else if (c->state == TCP_CLOSE_WAIT)
        c->state = TCP_LAST_ACK;
    else
        return c->state <= TCP_SYN_RECEIVED ? -ENOTCONN : 0;
    c->fin_queued = true;
    tcp_output(c);
    return 0;
}

static void close_listener(struct tcp_conn *l) {
    while (l->queue) {
        struct tcp_conn *c = l->queue;
        tcp_send_reset(c);
        tcp_end(c, -ECONNABORTED);
    }
}

void tcp_close(struct tcp_conn *c) {
    net_update_time(c->net);
    c->owner = NULL;
    c->orphan = true;
    if (c->state == TCP_LISTEN)
        close_listener(c);
    bool unread = c->rx.used > 0; /* RFC 2525: the peer has to know that it was not read */
    if (unread && c->state != TCP_TIME_WAIT && c->state != TCP_CLOSED)
        tcp_send_reset(c);
    if (c->state == TCP_TIME_WAIT)
        return;
    if (unread || c->state == TCP_SYN_SENT || c->state == TCP_LISTEN || c->state == TCP_CLOSED || c->state == TCP_SYN_RECEIVED) {
        tcp_end(c, 0);
        return;
    }
    if (c->state == TCP_FIN_WAIT_2) {
        c->end_at = c->net->now + TCP_FIN_WAIT_2_MS;
        net_timer(c->net, c->end_at);
    }
    tcp_shutdown(c);
}
