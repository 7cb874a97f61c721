/* What TCP does with a segment: RFC 9293, 3.10.7, with the checks of RFC 5961 against segments that are forged. */
#include <auton/errno.h>
#include <auton/string.h>
#include "tcp.h"

#define OUT_OF_WINDOW_EVERY_MS 500 /* answers to empty segments that are out of the window: two ends must not storm */

/* What the peer's SYN says about it. */
static void meet(struct tcp_conn *c, const struct tcp_segment *s) {
    c->irs = s->seq;
    c->rcv_nxt = s->seq + 1;
    c->mss = s->mss ? s->mss : TCP_DEFAULT_MSS;
    c->mss = c->mss < 64 ? 64 : c->mss > TCP_MSS ? TCP_MSS : c->mss; /* tiny ones would make us send headers only */
    c->scaling = s->scale >= 0;
    c->snd_scale = s->scale >= 0 ? (uint8_t)s->scale : 0;
    c->snd_wnd = c->snd_wnd_max = s->window; /* the window of a SYN is never scaled */
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
    uint32_t rto = c->rto;
    tcp_congestion_start(c);
    c->rto = rto;
}

static void on_listen(struct tcp_conn *l, const struct tcp_segment *s) {
    if (s->flags & TCP_RST)
        return;
    if (s->flags & TCP_ACK) {
        tcp_refuse(l->net, s);
        return;
    }
    if (!(s->flags & TCP_SYN) || (s->flags & TCP_FIN) || l->ready >= l->backlog)
        return; /* nobody accepts: the peer tries again */
    if (l->pending >= l->backlog) { /* a flood of them: who has not answered for seconds gives way */
        struct tcp_conn *oldest = l->queue;
        while (oldest && !(oldest->state == TCP_SYN_RECEIVED && oldest->retries >= 3))
            oldest = oldest->queue_next;
        if (!oldest)
            return;
        tcp_end(oldest, 0);
    }
    struct tcp_conn *c = tcp_new(l->net, s->dst, s->dst_port, s->src, s->src_port);
    if (!c)
        return;
    meet(c, s);
    c->orphan = true; /* until it is accepted */
    c->nodelay = l->nodelay;
    c->listener = l;
    struct tcp_conn **end = &l->queue;
    while (*end)
        end = &(*end)->queue_next;
    *end = c;
    l->pending++;
    c->state = TCP_SYN_RECEIVED;
    tcp_send_syn(c);
}

static void established(struct tcp_conn *c, const struct tcp_segment *s) {
    c->state = TCP_ESTABLISHED;
    c->snd_una = s->ack;
    c->snd_nxt = c->snd_max = s->ack;
    tcp_on_ack(c, 0);
    tcp_set_keepalive(c, c->keepalive_idle_s);
    if (c->listener) {
        c->listener->pending--;
        c->listener->ready++;
        net_notify(c->net, c->listener->owner);
    }
    net_notify(c->net, c->owner);
}

static void on_syn_sent(struct tcp_conn *c, const struct tcp_segment *s) {
    bool acks = s->flags & TCP_ACK;
    if (acks && s->ack != c->iss + 1) {
        tcp_refuse(c->net, s);
        return;
    }
    if (s->flags & TCP_RST) {
        if (acks)
            tcp_end(c, -ECONNREFUSED);
        return;
    }
    if (!(s->flags & TCP_SYN))
        return;
    meet(c, s);
    if (acks) {
        established(c, s);
        tcp_send_ack(c);
    } else { /* both call at the same time */
        c->state = TCP_SYN_RECEIVED;
        tcp_send_syn(c);
    }
}

/* True: it was a new connection's beginning, and the old one is gone. */
static bool on_time_wait(struct tcp_conn *c, const struct tcp_segment *s) {
    if (s->flags & TCP_RST)
        return false; /* RFC 1337 */
    if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && seq_lt(c->rcv_nxt, s->seq)) {
        tcp_end(c, 0);
        return true;
    }
    if (tcp_segment_length(s)) {
        tcp_send_ack(c);
        if (s->flags & TCP_FIN)
            tcp_time_wait(c);
    }
    return false;
}

static bool acceptable(const struct tcp_conn *c, const struct tcp_segment *s) {
    uint32_t window = tcp_window(c), bytes = tcp_segment_length(s), offset = s->seq - c->rcv_nxt;
    if (s->seq == c->rcv_nxt)
        return true; /* also while the window is closed: for its acknowledgement */
    if (window == 0)
        return false;
    return offset < window || (bytes && offset + bytes - 1 < window);
}

/* True: the segment goes on to acknowledgement and data. */
static bool passes_checks(struct tcp_conn *c, const struct tcp_segment *s) {
    if (s->flags & TCP_RST) {
        if (s->seq == c->rcv_nxt)
            tcp_end(c, c->state == TCP_SYN_RECEIVED ? -ECONNREFUSED : -ECONNRESET);
        else if (s->seq - c->rcv_nxt < tcp_window(c))
            tcp_challenge(c);
        return false;
    }
    if (!acceptable(c, s)) {
        if (tcp_segment_length(s) == 0 && c->oow_at && c->net->now - c->oow_at < OUT_OF_WINDOW_EVERY_MS)
            return false;
        c->oow_at = tcp_segment_length(s) == 0 ? c->net->now : c->oow_at;
        tcp_send_ack(c);
        return false;
    }
    if (s->flags & TCP_SYN) {
        tcp_challenge(c);
        return false;
    }
    return (s->flags & TCP_ACK) != 0;
}

/* False: the segment ends here, or the connection does. */
static bool take_ack(struct tcp_conn *c, const struct tcp_segment *s) {
    if (c->state == TCP_SYN_RECEIVED) {
        if (s->ack != c->iss + 1) {
            tcp_refuse(c->net, s);
            return false;
        }
        established(c, s);
    }
    if (seq_lt(c->snd_max, s->ack) || seq_lt(s->ack, c->snd_una - c->snd_wnd_max)) {
        tcp_challenge(c);
        return false;
    }
    bool fin_acked = false;
    uint32_t window = s->window << c->snd_scale;
    if (seq_lt(c->snd_una, s->ack)) {
        uint32_t acked = s->ack - c->snd_una, data = acked < c->tx.used ? acked : c->tx.used;
        fin_acked = acked > data;
        ring_drop(&c->tx, data);
        c->snd_una = s->ack;
        if (seq_lt(c->snd_nxt, c->snd_una))
            c->snd_nxt = c->snd_una;
        if (fin_acked)
            c->fin_queued = false; /* it is through */
        tcp_on_ack(c, acked);
        net_notify(c->net, c->owner);
    } else if (s->ack == c->snd_una && !tcp_segment_length(s) && window == c->snd_wnd && c->snd_una != c->snd_max) {
        tcp_on_dupack(c);
    }
    if (seq_lt(c->snd_wl1, s->seq) || (c->snd_wl1 == s->seq && seq_le(c->snd_wl2, s->ack))) {
        c->snd_wnd = window;
        c->snd_wnd_max = window > c->snd_wnd_max ? window : c->snd_wnd_max;
        c->snd_wl1 = s->seq;
        c->snd_wl2 = s->ack;
        if (window)
            c->probe_at = 0;
    }
    if (c->probe_at)
        c->retries = 0; /* closed, but there */
    if (!fin_acked)
        return true;
    if (c->state == TCP_FIN_WAIT_1) {
        c->state = TCP_FIN_WAIT_2;
        c->end_at = c->orphan ? c->net->now + TCP_FIN_WAIT_2_MS : 0;
        net_timer(c->net, c->end_at);
    } else if (c->state == TCP_CLOSING) {
        tcp_time_wait(c);
        return false;
    } else if (c->state == TCP_LAST_ACK) {
        tcp_end(c, 0);
        return false;
    }
    return true;
}

static bool may_receive(const struct tcp_conn *c) {
    return c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 || c->state == TCP_FIN_WAIT_2;
}

/* The peer's FIN, once everything before it is there. False: the connection waits or is gone. */
static bool take_fin(struct tcp_conn *c) {
    c->rcv_nxt++;
    if (c->state == TCP_ESTABLISHED) {
        c->state = TCP_CLOSE_WAIT;
    } else if (c->state == TCP_FIN_WAIT_1) {
        c->state = TCP_CLOSING;
    } else {
        tcp_send_ack(c);
        tcp_time_wait(c);
        return false;
    }
    net_notify(c->net, c->owner);
    return true;
}

static void on_segment(struct tcp_conn *c, struct tcp_segment *s) {
    if (!passes_checks(c, s))
        return;
    c->keepalive_sent = 0;
    tcp_set_keepalive(c, c->keepalive_idle_s);
    if (!take_ack(c, s))
        return;
    bool at_once = false, fin = false;
    uint32_t before = c->rcv_nxt;
    if (tcp_segment_length(s) && may_receive(c)) {
        if (s->bytes && c->orphan && !c->listener) { /* nobody is there to read it */
            tcp_send_reset(c);
            tcp_end(c, 0);
            return;
        }
        if (c->fin_seen && seq_lt(c->fin_seq, s->seq + s->bytes)) /* behind the end: not from this peer */
            s->bytes = seq_lt(s->seq, c->fin_seq) ? c->fin_seq - s->seq : 0;
        if ((s->flags & TCP_FIN) && !c->fin_seen && s->seq + s->bytes - c->rcv_nxt <= tcp_window(c)) {
            c->fin_seen = true;
            c->fin_seq = s->seq + s->bytes;
        }
        unsigned ranges = c->range_count;
        if (s->bytes)
            tcp_take_data(c, s->seq, s->data, s->bytes);
        if (c->rcv_nxt != before)
            net_notify(c->net, c->owner);
        fin = c->fin_seen && c->rcv_nxt == c->fin_seq;
        at_once = fin || ranges || c->range_count || c->rcv_nxt == before || ++c->unacked >= TCP_ACK_EVERY;
        if (!at_once && c->unacked >= 2)
            tcp_ack_soon(c);
        if (fin && !take_fin(c))
            return;
    } else if (tcp_segment_length(s)) {
        at_once = true;
    }
    bool owes = at_once || c->unacked;
    if (owes && !c->ack_at)
        c->ack_at = c->net->now + TCP_ACK_DELAY_MS;
    tcp_output(c); /* an acknowledgement goes along with data */
    bool went = owes && !c->ack_at;
    if (at_once && (!went || c->rcv_nxt == before))
        tcp_send_ack(c);
    else if (owes && !went)
        net_timer(c->net, c->ack_at);
}

void tcp_input(struct ip_packet *p) {
    struct net_stack *net = p->iface->net;
    struct tcp_segment s;
    if (!tcp_parse(p, &s)) {
        net->dropped++;
        return;
    }
    struct tcp_conn *c = tcp_find(net, s.dst, s.dst_port, s.src, s.src_port);
    if (c && c->state == TCP_TIME_WAIT) {
        if (!on_time_wait(c, &s))
            return;
        c = NULL;
    }
    if (!c)
        c = tcp_find_listener(net, s.dst, s.dst_port);
    if (!c)
        tcp_refuse(net, &s);
    else if (c->state == TCP_LISTEN)
        on_listen(c, &s);
    else if (c->state == TCP_SYN_SENT)
        on_syn_sent(c, &s);
    else
        on_segment(c, &s);
}
