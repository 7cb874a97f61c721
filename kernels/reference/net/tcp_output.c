/* What TCP sends: data as the windows allow, acknowledgements, resets. */
#include <auton/string.h>
#include "tcp.h"
#include "tcp_state.h"

#define CHALLENGES_PER_SECOND 100

#define DUE(c, ms) ((c)->net->now + (ms))

uint32_t tcp_window(const struct tcp_conn *c) {
    uint32_t room = c->rx.size - c->rx.used;
    return room < 65535 ? room : 65535; /* as the header can say it: we do not scale */
}

static void arm(struct tcp_conn *c, uint64_t *timer, uint64_t at) {
    *timer = at;
    net_timer(c->net, at);
}

static int transmit(struct net_stack *net, ip_addr_t src, ip_addr_t dst, uint8_t *head, size_t head_bytes,
                    struct piece a, struct piece b) {
    size_t total = head_bytes + a.bytes + b.bytes;
    put16(head + 16, 0);
    uint32_t sum = checksum_add(checksum_pseudo(src, dst, IP_TCP, total), head, head_bytes);
    sum = checksum_add(sum, a.data, a.bytes);
    uint32_t rest = checksum_add(0, b.data, b.bytes);
    if (a.bytes & 1) /* the second piece begins in the middle of a word */
        rest = (rest & 0xFF) << 8 | (rest >> 8 & 0xFF);
    put16(head + 16, checksum_end(sum + rest));
    struct piece pieces[] = {{head, head_bytes}, a, b};
    return ipv4_send(net, src, dst, IP_TCP, pieces, 3);
}

static void fill_head(uint8_t *head, uint16_t src, uint16_t dst, uint32_t seq, uint32_t ack, uint8_t flags, uint32_t window) {
    put16(head, src);
    put16(head + 2, dst);
    put32(head + 4, seq);
    put32(head + 8, flags & TCP_ACK ? ack : 0);
    head[12] = TCP_HEADER / 4 << 4;
    head[13] = flags;
    put16(head + 14, (uint16_t)window);
    put16(head + 18, 0);
}

/* `bytes` of the ring from `seq` on. */
static void send_segment(struct tcp_conn *c, uint32_t seq, uint32_t bytes, uint8_t flags) {
    uint8_t head[TCP_HEADER + 8];
    size_t head_bytes = TCP_HEADER;
    struct piece pieces[2] = {{NULL, 0}, {NULL, 0}};
    fill_head(head, c->local_port, c->remote_port, seq, c->rcv_nxt, flags, tcp_window(c));
    if (flags & TCP_SYN) {
        static const uint8_t no_scale[4] = {1, 3, 3, 0}; /* we need none, but then the peer may have one */
        head[20] = 2;
        head[21] = 4;
        put16(head + 22, TCP_MSS);
        head_bytes += 4;
        if (!(flags & TCP_ACK) || c->scaling) {
            memcpy(head + 24, no_scale, 4);
            head_bytes += 4;
        }
        head[12] = (uint8_t)(head_bytes / 4 << 4);
    }
    if (bytes)
        ring_pieces(&c->tx, seq - c->snd_una, bytes, pieces);
    if (flags & TCP_ACK) {
        c->rcv_adv = c->rcv_nxt + tcp_window(c);
        c->ack_at = 0;
        c->unacked = 0;
    }
    transmit(c->net, c->local_ip, c->remote_ip, head, head_bytes, pieces[0], pieces[1]); /* a loss like any other when it fails */
}

void tcp_send_ack(struct tcp_conn *c) {
    send_segment(c, c->snd_max, 0, TCP_ACK); /* not nxt, which a time-out sets back to where the peer has all of it */
}

void tcp_input_done(struct net_stack *net) {
    struct tcp_conn *c = net->tcp->acking;
    net->tcp->acking = NULL;
    if (c && c->unacked)
        tcp_send_ack(c);
}

/* One at a time: segments that come together are most often of one connection. */
void tcp_ack_soon(struct tcp_conn *c) {
    if (c->net->tcp->acking != c)
        tcp_input_done(c->net);
    c->net->tcp->acking = c;
}

void tcp_send_syn(struct tcp_conn *c) {
    send_segment(c, c->iss, 0, c->state == TCP_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK);
    if (c->snd_max == c->iss)
        tcp_time_segment(c, c->iss);
    c->snd_nxt = c->snd_max = c->iss + 1;
    arm(c, &c->retransmit_at, DUE(c, c->rto));
}

uint32_t tcp_send_first(struct tcp_conn *c) {
    if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED) {
        tcp_send_syn(c);
        return 1;
    }
    uint32_t sent = c->snd_max - c->snd_una;
    uint32_t bytes = c->tx.used < c->mss ? c->tx.used : c->mss;
    bytes = bytes < sent ? bytes : sent;
    bool fin = c->fin_queued && bytes == c->tx.used && sent > bytes;
    send_segment(c, c->snd_una, bytes, (uint8_t)(TCP_ACK | (bytes ? TCP_PSH : 0) | (fin ? TCP_FIN : 0)));
    return bytes + fin;
}

/* One byte before what the peer has: whatever it thinks of that, it has to answer with its state. */
void tcp_send_probe(struct tcp_conn *c) {
    send_segment(c, c->snd_una - 1, 0, TCP_ACK);
}

void tcp_send_reset(struct tcp_conn *c) {
    send_segment(c, c->snd_max, 0, TCP_RST | TCP_ACK);
}

void tcp_challenge(struct tcp_conn *c) {
    struct tcp_state_of_stack *tcp = c->net->tcp;
    uint64_t second = c->net->now / 1000;
    if (tcp->challenge_second != second) {
        tcp->challenge_second = second;
        tcp->challenges = 0;
    }
    if (tcp->challenges++ < CHALLENGES_PER_SECOND)
        tcp_send_ack(c);
}

void tcp_refuse(struct net_stack *net, const struct tcp_segment *s) {
    uint8_t head[TCP_HEADER];
    struct piece none = {NULL, 0};
    if (s->flags & TCP_RST)
        return;
    if (s->flags & TCP_ACK)
        fill_head(head, s->dst_port, s->src_port, s->ack, 0, TCP_RST, 0);
    else
        fill_head(head, s->dst_port, s->src_port, 0,
                  s->seq + s->bytes + ((s->flags & TCP_SYN) != 0) + ((s->flags & TCP_FIN) != 0), TCP_RST | TCP_ACK, 0);
    transmit(net, s->dst, s->src, head, sizeof head, none, none);
}

static bool may_send(const struct tcp_conn *c) {
    return c->state == TCP_ESTABLISHED || c->state == TCP_CLOSE_WAIT || c->state == TCP_FIN_WAIT_1 ||
           c->state == TCP_CLOSING || c->state == TCP_LAST_ACK;
}

/* How much of `left` goes into the next segment; false when it is better to wait (RFC 1122: no silly windows, Nagle). */
static bool next_segment(const struct tcp_conn *c, uint32_t left, uint32_t room, uint32_t *bytes) {
    uint32_t flight = c->snd_nxt - c->snd_una;
    *bytes = left < c->mss ? left : c->mss;
    *bytes = *bytes < room ? *bytes : room;
    if (*bytes == c->mss)
        return true;
    if (*bytes < left) /* the window holds it back */
        return *bytes && (*bytes >= c->snd_wnd_max / 2 || (flight == 0 && (c->cwnd < c->snd_wnd || c->probes)));
    return flight == 0 || c->nodelay || c->fin_queued || seq_lt(c->snd_nxt, c->snd_max);
}

void tcp_output(struct tcp_conn *c) {
    bool sent = false;
    if (!may_send(c))
        return;
    for (;;) {
        uint32_t flight = c->snd_nxt - c->snd_una, window = c->snd_wnd < c->cwnd ? c->snd_wnd : c->cwnd;
        bool fin_sent = c->fin_queued && flight > c->tx.used;
        uint32_t left = fin_sent ? 0 : c->tx.used - flight, room = window > flight ? window - flight : 0, bytes = 0;
        bool fin_left = c->fin_queued && !fin_sent;
        if (left ? !next_segment(c, left, room, &bytes) : !(fin_left && room))
            break;
        bool last = bytes == left, fin = fin_left && last && bytes < room;
        if (!bytes && !fin)
            break;
        if (seq_le(c->snd_max, c->snd_nxt)) /* a first time, so its round trip can be measured */
            tcp_time_segment(c, c->snd_nxt);
        send_segment(c, c->snd_nxt, bytes, (uint8_t)(TCP_ACK | (last && bytes ? TCP_PSH : 0) | (fin ? TCP_FIN : 0)));
        c->snd_nxt += bytes + fin;
        if (seq_lt(c->snd_max, c->snd_nxt))
            c->snd_max = c->snd_nxt;
        sent = true;
    }
    if (c->snd_una != c->snd_max) {
        c->probe_at = 0;
        if (!c->retransmit_at)
            arm(c, &c->retransmit_at, DUE(c, c->rto));
    } else if ((c->tx.used || c->fin_queued) && !sent && !c->probe_at) {
        c->probes = 0;
        arm(c, &c->probe_at, DUE(c, c->rto)); /* the window is closed: ask now and then whether it still is */
    }
}
