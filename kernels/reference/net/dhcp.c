/* The DHCP client (RFC 2131): how an interface gets its address, keeps it and loses it. */
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "dhcp_message.h"
#include "stack.h"

#define FIRST_WAIT_MS 2000 /* then 4 and 8 s */
#define TRIES 3
#define AGAIN_AFTER_MS 60000 /* when nobody has answered */
#define RENEW_WAIT_MS 60000  /* least time between two attempts to renew */
#define LEAST_LEASE_S 10
#define FOREVER_S 0xFFFFFFFFu

enum dhcp_state { SELECTING, REQUESTING, BOUND, RENEWING, REBINDING, RESTING };

struct dhcp_client {
    struct net_if *iface;
    struct udp_endpoint endpoint;
    enum dhcp_state state;
    uint32_t xid;
    unsigned tries;
    uint64_t began, next;             /* ms; when there is something to do */
    uint64_t renew_at, rebind_at, end; /* ms; 0: the lease has no end */
    struct dhcp_answer offer;
    bool told;                        /* that nobody answers */
};

static void send(struct dhcp_client *c) {
    struct net_if *iface = c->iface;
    uint8_t message[DHCP_MESSAGE_MAX];
    struct dhcp_question q = {.type = c->state == SELECTING ? DHCP_DISCOVER : DHCP_REQUEST, .xid = c->xid,
                              .seconds = (uint16_t)((iface->net->now - c->began) / 1000)};
    memcpy(q.mac, iface->mac, sizeof q.mac);
    if (c->state == REQUESTING) {
        q.requested = c->offer.ip;
        q.server = c->offer.server;
    } else if (c->state == RENEWING || c->state == REBINDING) {
        q.current = iface->ip;
    }
    ip_addr_t to = c->state == RENEWING ? c->offer.server : 0xFFFFFFFF;
    udp_send(&c->endpoint, to, DHCP_SERVER_PORT, message, dhcp_write(&q, message));
}

static void wait_until(struct dhcp_client *c, uint64_t at) {
    c->next = at;
    net_timer(c->iface->net, at);
}

static void send_again(struct dhcp_client *c) {
    send(c);
    wait_until(c, c->iface->net->now + (FIRST_WAIT_MS << c->tries));
    c->tries++;
}

static void begin(struct dhcp_client *c) {
    c->state = SELECTING;
    c->xid = net_random32(c->iface->net);
    c->tries = 0;
    c->began = c->iface->net->now;
    send_again(c);
}

static void no_lease(struct dhcp_client *c) {
    if (!c->told)
        log_warn("NET", "DHCP: no lease");
    c->told = true;
    c->state = RESTING;
    wait_until(c, c->iface->net->now + AGAIN_AFTER_MS);
}

static void lose(struct dhcp_client *c, const char *why) {
    char text[IP_TEXT];
    log_warn("NET", "DHCP: %s is no longer ours: %s", ip_format(c->iface->ip, text), why);
    net_set_address(c->iface, 0, 0, 0);
    begin(c);
}

static void bind(struct dhcp_client *c, const struct dhcp_answer *a) {
    struct net_if *iface = c->iface;
    struct net_stack *net = iface->net;
    bool is_new = iface->ip != a->ip;
    uint64_t lease = a->lease_s < LEAST_LEASE_S ? LEAST_LEASE_S : a->lease_s;
    uint64_t t1 = a->t1_s && a->t1_s < lease ? a->t1_s : lease / 2;
    uint64_t t2 = a->t2_s > t1 && a->t2_s < lease ? a->t2_s : t1 + (lease - t1) * 3 / 4;
    bool for_ever = a->lease_s == FOREVER_S;
    c->offer = *a;
    c->state = BOUND;
    c->told = false;
    c->renew_at = for_ever ? 0 : net->now + t1 * 1000;
    c->rebind_at = for_ever ? 0 : net->now + t2 * 1000;
    c->end = for_ever ? 0 : net->now + lease * 1000;
    wait_until(c, c->renew_at);
    net_set_address(iface, a->ip, a->mask, a->gateway);
    if (a->dns)
        net->dns = a->dns;
    if (!is_new)
        return;
    char text[IP_TEXT];
    log_info("NET", "DHCP: obtained %s", ip_format(a->ip, text));
    log_info("NET", "IP %s", text);
    arp_announce(iface);
    net_notify(net, net); /* whoever waits for an address */
}

static void answer(void *context, ip_addr_t src, uint16_t port, const uint8_t *data, size_t bytes) {
    struct dhcp_client *c = context;
    struct dhcp_answer a;
    (void)src;
    if (port != DHCP_SERVER_PORT || c->state == BOUND || c->state == RESTING ||
        !dhcp_read(data, bytes, c->xid, c->iface->mac, &a))
        return;
    if (c->state == SELECTING) {
        if (a.type != DHCP_OFFER)
            return;
        c->offer = a;
        c->state = REQUESTING;
        c->tries = 0;
        send_again(c);
    } else if (a.type == DHCP_NAK) {
        if (c->state == REQUESTING)
            begin(c);
        else
            lose(c, "the server refuses it");
    } else if (a.type == DHCP_ACK && (c->state == REBINDING || a.server == c->offer.server)) {
        bind(c, &a);
    }
}

/* A message of an extension of the lease: again after half of what is left, as RFC 2131 has it. */
static void extend(struct dhcp_client *c, enum dhcp_state state, uint64_t until) {
    uint64_t now = c->iface->net->now, half = (until - now) / 2;
    if (c->state != state) {
        c->xid = net_random32(c->iface->net);
        c->began = now;
    }
    c->state = state;
    send(c);
    uint64_t next = now + (half > RENEW_WAIT_MS ? half : RENEW_WAIT_MS);
    wait_until(c, next < until ? next : until);
}

static void run(struct dhcp_client *c) {
    uint64_t now = c->iface->net->now;
    if (!c->next)
        return;
    if (now < c->next) {
        net_timer(c->iface->net, c->next);
        return;
    }
    switch (c->state) {
    case SELECTING:
    case REQUESTING:
        if (c->tries < TRIES)
            send_again(c);
        else
            no_lease(c);
        break;
    case RESTING: begin(c); break;
    default:
        if (now >= c->end)
            lose(c, "its lease has ended and nobody renews it");
        else if (now >= c->rebind_at)
            extend(c, REBINDING, c->end);
        else
            extend(c, RENEWING, c->rebind_at);
    }
}

void dhcp_timers(struct net_stack *net) {
    for (size_t i = 1; i < net->if_count; i++)
        if (net->ifs[i].net && net->ifs[i].dhcp)
            run(net->ifs[i].dhcp);
}

int dhcp_start(struct net_if *iface) {
    struct dhcp_client *c = iface->dhcp ? iface->dhcp : kzalloc(sizeof *c);
    if (!c)
        return -ENOMEM;
    if (!iface->dhcp) {
        c->iface = iface;
        c->endpoint.iface = iface;
        c->endpoint.handler = answer;
        c->endpoint.context = c;
        int status = udp_open(iface->net, &c->endpoint, 0, DHCP_CLIENT_PORT);
        if (status != 0) {
            kfree(c);
            return status;
        }
        iface->dhcp = c;
    }
    begin(c);
    return 0;
}

void dhcp_stop(struct net_if *iface) {
    if (!iface->dhcp)
        return;
    udp_close(&iface->dhcp->endpoint);
    kfree(iface->dhcp);
    iface->dhcp = NULL;
}

uint32_t dhcp_lease_left(const struct net_if *iface) {
    const struct dhcp_client *c = iface->dhcp;
    if (!c || !iface->ip)
        return 0;
    uint64_t now = iface->net->now;
    return !c->end ? FOREVER_S : c->end > now ? (uint32_t)((c->end - now) / 1000) : 0;
}
