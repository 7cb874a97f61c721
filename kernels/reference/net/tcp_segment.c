/* Reading a TCP segment: its header and options, every length checked before a byte is read. */
#include <auton/errno.h>
#include <auton/string.h>
#include "tcp.h"

static bool parse_options(const uint8_t *o, size_t bytes, struct tcp_segment *s) {
    for (size_t i = 0; i < bytes && o[i] != 0;) {
        if (o[i] == 1) {
            i++;
            continue;
        }
        if (i + 1 >= bytes || o[i + 1] < 2 || i + o[i + 1] > bytes)
            return false;
        if (o[i] == 2 && o[i + 1] == 4)
            s->mss = get16(o + i + 2);
        else if (o[i] == 3 && o[i + 1] == 3)
            s->scale = o[i + 2] < 14 ? o[i + 2] : 14;
        i += o[i + 1];
    }
    return true;
}

bool tcp_parse(const struct ip_packet *p, struct tcp_segment *s) {
    if (p->broadcast || !p->src || p->bytes < TCP_HEADER)
        return false;
    size_t head = (size_t)(p->data[12] >> 4) * 4;
    if (head < TCP_HEADER || head > p->bytes ||
        checksum_end(checksum_add(checksum_pseudo(p->src, p->dst, IP_TCP, p->bytes), p->data, p->bytes)) != 0)
        return false;
    *s = (struct tcp_segment){.src = p->src, .dst = p->dst, .src_port = get16(p->data), .dst_port = get16(p->data + 2),
                              .seq = get32(p->data + 4), .ack = get32(p->data + 8), .flags = p->data[13],
                              .window = get16(p->data + 14), .scale = -1, .data = p->data + head,
                              .bytes = (uint32_t)(p->bytes - head)};
    return s->src_port && s->dst_port && parse_options(p->data + TCP_HEADER, head - TCP_HEADER, s);
}

uint32_t tcp_segment_length(const struct tcp_segment *s) {
    return s->bytes + ((s->flags & TCP_SYN) != 0) + ((s->flags & TCP_FIN) != 0);
}
