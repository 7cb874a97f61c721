/* Received data: in order into the ring, out of order into its place behind, remembered as ranges. The window never
 * offers more than the ring can hold, so whatever is within it has its place. */
#include <auton/string.h>
#include "tcp.h"

/* Adds [start, end) and joins what it touches. False: there are too many pieces already. */
static bool add_range(struct tcp_conn *c, uint32_t start, uint32_t end) {
    unsigned i = 0;
    while (i < c->range_count && seq_lt(c->ranges[i].end, start))
        i++;
    unsigned j = i; /* [i, j) touch the new one */
    while (j < c->range_count && seq_le(c->ranges[j].start, end)) {
        start = seq_lt(c->ranges[j].start, start) ? c->ranges[j].start : start;
        end = seq_lt(end, c->ranges[j].end) ? c->ranges[j].end : end;
        j++;
    }
    if (i == j && c->range_count == TCP_RANGES)
        return false;
    memmove(&c->ranges[i + 1], &c->ranges[j], (c->range_count - j) * sizeof c->ranges[0]);
    c->ranges[i] = (struct range){start, end};
    c->range_count = c->range_count - (j - i) + 1;
    return true;
}

void tcp_take_data(struct tcp_conn *c, uint32_t seq, const uint8_t *data, uint32_t bytes) {
    if (seq_lt(seq, c->rcv_nxt)) { /* its beginning is there already */
        uint32_t old = c->rcv_nxt - seq;
        if (old >= bytes)
            return;
        data += old;
        bytes -= old;
        seq = c->rcv_nxt;
    }
    uint32_t offset = seq - c->rcv_nxt, window = tcp_window(c);
    if (offset >= window)
        return;
    bytes = bytes < window - offset ? bytes : window - offset;
    if (!ring_ready(&c->rx))
        return; /* it will come again */
    if (offset == 0 && !c->range_count) { /* by far the most frequent */
        ring_store(&c->rx, c->rx.used, data, bytes);
        c->rx.used += bytes;
        c->rcv_nxt += bytes;
        return;
    }
    if (!add_range(c, seq, seq + bytes))
        return;
    ring_store(&c->rx, c->rx.used + offset, data, bytes);
    if (c->ranges[0].start != c->rcv_nxt)
        return;
    uint32_t in_order = c->ranges[0].end - c->rcv_nxt;
    c->rx.used += in_order;
    c->rcv_nxt += in_order;
    c->range_count--;
    memmove(&c->ranges[0], &c->ranges[1], c->range_count * sizeof c->ranges[0]);
}
