/* DHCP messages as bytes. What a server says is not trusted: an address that no machine can have is no answer. */
#include <auton/string.h>
#include "dhcp_message.h"
#include "wire.h"

#define OPTIONS 240 /* where they begin, behind the magic number */
#define MAGIC 0x63825363
#define BROADCAST_FLAG 0x8000

enum option {
    OPT_PAD = 0, OPT_MASK = 1, OPT_ROUTER = 3, OPT_DNS = 6, OPT_HOST_NAME = 12, OPT_REQUESTED = 50, OPT_LEASE = 51,
    OPT_TYPE = 53, OPT_SERVER = 54, OPT_WANTED = 55, OPT_T1 = 58, OPT_T2 = 59, OPT_END = 255
};

static uint8_t *put_address(uint8_t *o, enum option option, ip_addr_t ip) {
    if (!ip)
        return o;
    o[0] = (uint8_t)option;
    o[1] = 4;
    put32(o + 2, ip);
    return o + 6;
}

size_t dhcp_write(const struct dhcp_question *q, uint8_t out[DHCP_MESSAGE_MAX]) {
    static const uint8_t wanted[] = {OPT_WANTED, 6, OPT_MASK, OPT_ROUTER, OPT_DNS, OPT_LEASE, OPT_T1, OPT_T2};
    static const uint8_t host_name[] = {OPT_HOST_NAME, 5, 'a', 'u', 't', 'o', 'n'};
    memset(out, 0, DHCP_MESSAGE_MAX);
    out[0] = 1; /* request */
    out[1] = 1; /* Ethernet */
    out[2] = 6;
    put32(out + 4, q->xid);
    put16(out + 8, q->seconds);
    put16(out + 10, q->current ? 0 : BROADCAST_FLAG);
    put32(out + 12, q->current);
    memcpy(out + 28, q->mac, 6);
    put32(out + 236, MAGIC);
    uint8_t *o = out + OPTIONS;
    *o++ = OPT_TYPE;
    *o++ = 1;
    *o++ = (uint8_t)q->type;
    o = put_address(o, OPT_REQUESTED, q->requested);
    o = put_address(o, OPT_SERVER, q->server);
    memcpy(o, host_name, sizeof host_name);
    o += sizeof host_name;
    memcpy(o, wanted, sizeof wanted);
    o += sizeof wanted;
    *o++ = OPT_END;
    size_t bytes = (size_t)(o - out);
    return bytes < 300 ? 300 : bytes; /* the least that BOOTP relays pass on */
}

static bool is_host(ip_addr_t ip) {
    return ip >> 24 != 0 && ip >> 24 != 127 && ip < IP(224, 0, 0, 0);
}

static bool is_mask(ip_addr_t mask) {
    return mask && (~mask & (~mask + 1)) == 0;
}

static ip_addr_t mask_of_class(ip_addr_t ip) {
    return ip < IP(128, 0, 0, 0) ? IP(255, 0, 0, 0) : ip < IP(192, 0, 0, 0) ? IP(255, 255, 0, 0) : IP(255, 255, 255, 0);
}

static bool read_options(const uint8_t *o, const uint8_t *end, struct dhcp_answer *out) {
    while (o < end && *o != OPT_END) {
        if (*o == OPT_PAD) {
            o++;
            continue;
        }
        if (end - o < 2 || end - o - 2 < o[1])
            return false;
        uint32_t value = o[1] >= 4 ? get32(o + 2) : 0;
        switch (*o) {
        case OPT_TYPE: out->type = o[1] == 1 ? o[2] : 0; break;
        case OPT_MASK: out->mask = value; break;
        case OPT_ROUTER: out->gateway = value; break;
        case OPT_DNS: out->dns = value; break;
        case OPT_LEASE: out->lease_s = value; break;
        case OPT_SERVER: out->server = value; break;
        case OPT_T1: out->t1_s = value; break;
        case OPT_T2: out->t2_s = value; break;
        }
        o += 2 + o[1];
    }
    return true;
}

bool dhcp_read(const uint8_t *data, size_t bytes, uint32_t xid, const uint8_t mac[6], struct dhcp_answer *out) {
    memset(out, 0, sizeof *out);
    if (bytes < OPTIONS || data[0] != 2 || data[1] != 1 || data[2] != 6 || get32(data + 4) != xid ||
        memcmp(data + 28, mac, 6) != 0 || get32(data + 236) != MAGIC)
        return false;
    if (!read_options(data + OPTIONS, data + bytes, out))
        return false;
    if (out->type == DHCP_NAK)
        return true;
    out->ip = get32(data + 16);
    if ((out->type != DHCP_OFFER && out->type != DHCP_ACK) || !is_host(out->ip) || !is_host(out->server))
        return false;
    if (!is_mask(out->mask))
        out->mask = mask_of_class(out->ip);
    if (!is_host(out->gateway) || ((out->gateway ^ out->ip) & out->mask) != 0 || out->gateway == out->ip)
        out->gateway = 0; /* one that cannot be reached */
    if (!is_host(out->dns))
        out->dns = 0;
    return true;
}
