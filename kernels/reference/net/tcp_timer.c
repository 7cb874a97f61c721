/* TCP's timers: retransmission, delayed acknowledgement, the probe of a closed window, keep-alive, the last wait. */
#include <auton/errno.h>
#include "tcp.h"
#include "tcp_state.h"

#define ORPHAN_PROBES 8 /* a peer that never opens its window keeps a connection that nobody holds this long */

void tcp_set_keepalive(struct tcp_conn *c, uint32_t idle_s) {
    c->keepalive_idle_s = idle_s;
    c->keepalive_at = idle_s && c->state >= TCP_ESTABLISHED ? c->net->now + (uint64_t)idle_s * 1000 : 0;
    net_timer(c->net, c->keepalive_at);
}

/* These return false when the connection has ended. */
static bool retransmit(struct tcp_conn *c) {
    bool opening = c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED;
    if (c->retries >= (opening ? TCP_SYN_RETRIES : TCP_RETRIES)) {
        tcp_end(c, -ETIMEDOUT);
        return false;
    }
    tcp_on_timeout(c);
    uint32_t sent = tcp_send_first(c); /* even if the peer has taken its window back */
    if (!opening)
        c->snd_nxt = c->snd_una + sent;
    c->retransmit_at = c->net->now + c->rto;
    return true;
}

static bool probe(struct tcp_conn *c) {
    if (c->retries >= TCP_RETRIES || (c->orphan && c->probes >= ORPHAN_PROBES)) {
        tcp_end(c, -ETIMEDOUT);
        return false;
    }
    c->retries++;
    c->probes++;
    uint64_t wait = (uint64_t)c->rto << (c->probes < 8 ? c->probes : 8);
    c->probe_at = c->net->now + (wait < TCP_RTO_MAX_MS ? wait : TCP_RTO_MAX_MS);
    if (c->snd_wnd)
        tcp_output(c); /* a window that stays small: it has to do */
    else
        tcp_send_probe(c);
    return true;
}

static bool keepalive(struct tcp_conn *c) {
    if (c->keepalive_sent >= TCP_KEEPALIVE_PROBES) {
        tcp_send_reset(c);
        tcp_end(c, -ETIMEDOUT);
        return false;
    }
    c->keepalive_sent++;
    c->keepalive_at = c->net->now + TCP_KEEPALIVE_EVERY_MS;
    tcp_send_probe(c);
    return true;
}

static bool due(struct tcp_conn *c, uint64_t at) {
    return at && c->net->now >= at;
}

static void run(struct tcp_conn *c) {
    if (due(c, c->end_at)) {
        tcp_end(c, c->orphan ? 0 : -ETIMEDOUT);
        return;
    }
    if (due(c, c->ack_at))
        tcp_send_ack(c);
    if (due(c, c->retransmit_at) && !retransmit(c))
        return;
    if (due(c, c->probe_at) && !probe(c))
        return;
    if (due(c, c->keepalive_at) && !keepalive(c))
        return;
    net_timer(c->net, c->end_at);
    net_timer(c->net, c->ack_at);
    net_timer(c->net, c->retransmit_at);
    net_timer(c->net, c->probe_at);
    net_timer(c->net, c->keepalive_at);
}

void tcp_timers(struct net_stack *net) {
    for (struct tcp_conn *c = net->tcp->active.first, *next; c; c = next) {
        next = c->next;
        run(c);
    }
    while (net->tcp->waiting.first && due(net->tcp->waiting.first, net->tcp->waiting.first->end_at))
        tcp_end(net->tcp->waiting.first, 0);
    if (net->tcp->waiting.first)
        net_timer(net, net->tcp->waiting.first->end_at);
}
