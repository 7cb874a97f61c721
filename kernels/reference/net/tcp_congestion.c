/* How fast TCP sends: round-trip times (RFC 6298), slow start and congestion avoidance (RFC 5681), fast retransmit and
 * NewReno's fast recovery (RFC 6582). */
#include "tcp.h"

#define INITIAL_SEGMENTS 10 /* RFC 6928 */
#define DUPACKS 3

static uint32_t in_flight(const struct tcp_conn *c) {
    return c->snd_max - c->snd_una;
}

static uint32_t half_of_flight(const struct tcp_conn *c) {
    uint32_t half = in_flight(c) / 2, least = 2u * c->mss;
    return half > least ? half : least;
}

void tcp_congestion_start(struct tcp_conn *c) {
    c->rto = TCP_RTO_FIRST_MS;
    c->cwnd = INITIAL_SEGMENTS * (uint32_t)c->mss;
    c->ssthresh = UINT32_MAX / 2;
    c->recover = c->iss;
}

void tcp_time_segment(struct tcp_conn *c, uint32_t seq) {
    if (c->timing)
        return;
    c->timing = true;
    c->timed_seq = seq;
    c->timed_at = c->net->now;
}

static void measure(struct tcp_conn *c) {
    if (!c->timing || !seq_lt(c->timed_seq, c->snd_una))
        return;
    c->timing = false;
    uint32_t rtt = (uint32_t)(c->net->now - c->timed_at);
    if (c->srtt8 == 0) {
        c->srtt8 = rtt * 8 + 1;
        c->rttvar4 = rtt * 2;
    } else {
        uint32_t srtt = c->srtt8 / 8, error = rtt > srtt ? rtt - srtt : srtt - rtt;
        c->rttvar4 = c->rttvar4 - c->rttvar4 / 4 + error;
        c->srtt8 = c->srtt8 - srtt + rtt;
        if (c->srtt8 == 0)
            c->srtt8 = 1;
    }
    uint32_t rto = c->srtt8 / 8 + (c->rttvar4 > 10 ? c->rttvar4 : 10); /* the clock's own grain */
    c->rto = rto < TCP_RTO_MIN_MS ? TCP_RTO_MIN_MS : rto > TCP_RTO_MAX_MS ? TCP_RTO_MAX_MS : rto;
}

void tcp_on_ack(struct tcp_conn *c, uint32_t acked) {
    bool partial = c->recovering && seq_lt(c->snd_una, c->recover);
    measure(c);
    c->retries = 0;
    c->dupacks = 0;
    c->retransmit_at = c->snd_una == c->snd_max ? 0 : c->net->now + c->rto;
    net_timer(c->net, c->retransmit_at);
    if (partial) { /* the next hole: sent at once, not after three more duplicates */
        tcp_send_first(c);
        c->cwnd = c->cwnd > acked ? c->cwnd - acked : 0;
        c->cwnd += acked >= c->mss ? c->mss : 0;
        c->cwnd = c->cwnd < c->mss ? c->mss : c->cwnd;
    } else if (c->recovering) {
        uint32_t flight = in_flight(c) + c->mss;
        c->recovering = false;
        c->cwnd = c->ssthresh < flight ? c->ssthresh : flight;
        c->cwnd = c->cwnd < c->mss ? c->mss : c->cwnd;
    } else if (c->cwnd < c->ssthresh) {
        c->cwnd += acked < c->mss ? acked : c->mss;
    } else {
        uint32_t step = (uint32_t)((uint64_t)c->mss * c->mss / c->cwnd);
        c->cwnd += step ? step : 1;
    }
    if (c->cwnd > 1u << 24)
        c->cwnd = 1u << 24;
}

void tcp_on_dupack(struct tcp_conn *c) {
    c->dupacks++;
    if (c->recovering) {
        c->cwnd += c->mss; /* another segment has left the network */
    } else if (c->dupacks == DUPACKS && seq_lt(c->recover, c->snd_una)) {
        c->ssthresh = half_of_flight(c);
        c->recover = c->snd_max;
        c->recovering = true;
        c->timing = false;
        tcp_send_first(c);
        c->cwnd = c->ssthresh + DUPACKS * c->mss;
    }
}

void tcp_on_timeout(struct tcp_conn *c) {
    if (c->retries == 0)
        c->ssthresh = half_of_flight(c);
    c->cwnd = c->mss;
    c->recovering = false;
    c->dupacks = 0;
    c->recover = c->snd_max;
    c->timing = false; /* Karn: an answer to a segment sent twice measures nothing */
    c->rto = c->rto * 2 < TCP_RTO_MAX_MS ? c->rto * 2 : TCP_RTO_MAX_MS;
    c->retries++;
}
