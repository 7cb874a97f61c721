/* DHCP messages (RFC 2131, 2132): written by dhcp_write(), read and checked by dhcp_read(). */
#pragma once
#include <auton/net.h>

#define DHCP_CLIENT_PORT 68
#define DHCP_SERVER_PORT 67
#define DHCP_MESSAGE_MAX 320

enum dhcp_type { DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK, DHCP_RELEASE };

struct dhcp_answer {
    enum dhcp_type type;
    ip_addr_t server, ip, mask, gateway, dns;
    uint32_t lease_s, t1_s, t2_s; /* 0 when it does not say */
};

struct dhcp_question {
    enum dhcp_type type;
    uint32_t xid;
    uint16_t seconds;
    uint8_t mac[6];
    ip_addr_t current;           /* the address in use; 0: none, and answers come by broadcast */
    ip_addr_t requested, server; /* options; 0 leaves them out */
};

size_t dhcp_write(const struct dhcp_question *question, uint8_t out[DHCP_MESSAGE_MAX]); /* returns bytes */
/* False unless it is a whole answer to `xid` and `mac` that can be made use of. */
bool dhcp_read(const uint8_t *data, size_t bytes, uint32_t xid, const uint8_t mac[6], struct dhcp_answer *out);
