/* The table of connections: by address pair in a hash, all in one list, those in TIME_WAIT in another. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "tcp.h"
#include "tcp_state.h"

static struct tcp_conn **bucket(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t remote, uint16_t remote_port) {
    uint32_t key = net->tcp->hash_secret ^ local ^ remote * 0x9E3779B1u ^ ((uint32_t)local_port << 16 | remote_port) * 0x85EBCA6Bu;
    key ^= key >> 15;
    key *= 0x2C1B3C6Du;
    return &net->tcp->hash[(key ^ key >> 16) % TCP_BUCKETS];
}

int tcp_init(struct net_stack *net) {
    net->tcp = kzalloc(sizeof *net->tcp);
    if (!net->tcp)
        return -ENOMEM;
    net->tcp->hash_secret = net_random32(net); /* nobody outside chooses who shares a bucket */
    return 0;
}

static void list_add(struct tcp_list *list, struct tcp_conn *c) {
    c->next = NULL;
    c->prev = list->last;
    if (list->last)
        list->last->next = c;
    else
        list->first = c;
    list->last = c;
    list->count++;
}

static void list_remove(struct tcp_list *list, struct tcp_conn *c) {
    if (c->prev)
        c->prev->next = c->next;
    else
        list->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        list->last = c->prev;
    list->count--;
}

struct tcp_conn *tcp_find(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t remote, uint16_t remote_port) {
    struct tcp_conn *c = *bucket(net, local, local_port, remote, remote_port);
    while (c && !(c->local_ip == local && c->remote_ip == remote && c->local_port == local_port && c->remote_port == remote_port))
        c = c->hash_next;
    return c;
}

struct tcp_conn *tcp_find_listener(struct net_stack *net, ip_addr_t ip, uint16_t port) {
    struct tcp_conn *c = tcp_find(net, ip, port, 0, 0);
    return c ? c : tcp_find(net, 0, port, 0, 0);
}

struct tcp_conn *tcp_new(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t remote, uint16_t remote_port) {
    struct tcp_conn *c = net->tcp->active.count < TCP_MAX_CONNECTIONS ? kzalloc(sizeof *c) : NULL;
    if (!c)
        return NULL;
    c->net = net;
    c->local_ip = local;
    c->local_port = local_port;
    c->remote_ip = remote;
    c->remote_port = remote_port;
    c->mss = TCP_DEFAULT_MSS;
    c->rx.size = c->tx.size = TCP_BUFFER_FIRST;
    c->iss = net_random32(net);
    c->snd_una = c->snd_nxt = c->snd_max = c->iss;
    tcp_congestion_start(c);
    struct tcp_conn **b = bucket(net, local, local_port, remote, remote_port);
    c->hash_next = *b;
    *b = c;
    list_add(&net->tcp->active, c);
    return c;
}

/* Out of the table: its addresses are free again. */
static void unlink_conn(struct tcp_conn *c) {
    struct tcp_conn **link = bucket(c->net, c->local_ip, c->local_port, c->remote_ip, c->remote_port);
    while (*link && *link != c)
        link = &(*link)->hash_next;
    if (!*link)
        return;
    *link = c->hash_next;
    list_remove(c->state == TCP_TIME_WAIT ? &c->net->tcp->waiting : &c->net->tcp->active, c);
}

static void free_buffers(struct tcp_conn *c) {
    ring_free(&c->tx);
    if (c->rx.used == 0) /* else its owner has not read it all */
        ring_free(&c->rx);
    c->range_count = 0;
}

static void stop_timers(struct tcp_conn *c) {
    if (c->net->tcp->acking == c)
        c->net->tcp->acking = NULL;
    c->retransmit_at = c->ack_at = c->probe_at = c->keepalive_at = c->end_at = 0;
}

static void leave_listener(struct tcp_conn *c) {
    struct tcp_conn *l = c->listener;
    if (!l)
        return;
    struct tcp_conn **link = &l->queue;
    while (*link && *link != c)
        link = &(*link)->queue_next;
    if (*link)
        *link = c->queue_next;
    if (c->state == TCP_SYN_RECEIVED)
        l->pending--;
    else
        l->ready--;
    c->listener = NULL;
}

static void destroy(struct tcp_conn *c) {
    unlink_conn(c);
    ring_free(&c->tx);
    ring_free(&c->rx);
    kfree(c);
}

void tcp_end(struct tcp_conn *c, int error) {
    leave_listener(c);
    unlink_conn(c);
    stop_timers(c);
    c->state = TCP_CLOSED;
    c->error = error;
    free_buffers(c);
    if (c->orphan)
        destroy(c);
    else
        net_notify(c->net, c->owner);
}

void tcp_time_wait(struct tcp_conn *c) {
    struct tcp_list *waiting = &c->net->tcp->waiting;
    leave_listener(c);
    stop_timers(c);
    free_buffers(c);
    if (c->state == TCP_TIME_WAIT) {
        list_remove(waiting, c); /* once more from the beginning */
    } else {
        list_remove(&c->net->tcp->active, c);
        c->state = TCP_TIME_WAIT;
    }
    list_add(waiting, c);
    c->end_at = c->net->now + TCP_TIME_WAIT_MS;
    net_timer(c->net, c->end_at);
    net_notify(c->net, c->owner);
    if (waiting->count > TCP_MAX_TIME_WAIT)
        tcp_end(waiting->first, 0);
}

struct tcp_conn *tcp_next(struct net_stack *net, struct tcp_conn *c) {
    if (!c)
        return net->tcp->active.first ? net->tcp->active.first : net->tcp->waiting.first;
    return c->next || c->state == TCP_TIME_WAIT ? c->next : net->tcp->waiting.first;
}

void tcp_free(struct net_stack *net) {
    while (net->tcp && net->tcp->active.first)
        destroy(net->tcp->active.first);
    while (net->tcp && net->tcp->waiting.first)
        destroy(net->tcp->waiting.first);
    kfree(net->tcp);
    net->tcp = NULL;
}

void tcp_address_gone(struct net_stack *net, ip_addr_t ip) {
    for (struct tcp_conn *c = net->tcp->active.first, *next; c; c = next) {
        next = c->next;
        if (c->local_ip == ip && c->state != TCP_LISTEN)
            tcp_end(c, -ENETDOWN);
    }
}

/* An ICMP error ends only an attempt to connect, and only when it quotes what we really sent: connections that stand
 * are not for others to end (RFC 5927). */
void tcp_unreachable(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t ip, uint16_t port, uint32_t seq, int error) {
    struct tcp_conn *c = tcp_find(net, local, local_port, ip, port);
    if (c && c->state == TCP_SYN_SENT && seq == c->iss)
        tcp_end(c, error);
}

void tcp_neighbour_gone(struct net_stack *net, struct net_if *iface, ip_addr_t neighbour) {
    ip_addr_t hop;
    for (struct tcp_conn *c = net->tcp->active.first, *next; c; c = next) {
        next = c->next;
        if (c->state == TCP_SYN_SENT && ipv4_route(net, c->remote_ip, &hop) == iface && hop == neighbour)
            tcp_end(c, -EHOSTUNREACH);
    }
}

const char *tcp_state_name(enum tcp_state state) {
    static const char *const names[] = {"CLOSED", "LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1",
                                        "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"};
    return names[state];
}
