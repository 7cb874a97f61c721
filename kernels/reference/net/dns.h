/* The DNS resolver: names to addresses, by one server over UDP, with a cache. */
#pragma once
#include "stack.h"

#define DNS_NAME_MAX 254 /* a name as text with its end */
#define DNS_MESSAGE_MAX 512
#define DNS_CACHE 32

struct dns_query {
    char name[DNS_NAME_MAX]; /* lower case, no dot at the end */
    int status;              /* 0: `ip` is the answer; -EINPROGRESS, -ENOENT, -ETIMEDOUT, ... */
    ip_addr_t ip;
    void *owner;             /* is notified when the status changes */
    /* the resolver's */
    struct net_stack *net;
    struct udp_endpoint endpoint;
    uint16_t id;
    unsigned tries;
    uint64_t next;
    struct dns_query *link;
};

int dns_init(struct net_stack *net);
void dns_free(struct net_stack *net);
void dns_timers(struct net_stack *net);
void dns_flush(struct net_stack *net); /* empties the cache */
/* Sets query->status, at once when nobody need be asked. Until it is not -EINPROGRESS or dns_cancel(), `query` stays. */
void dns_lookup(struct net_stack *net, struct dns_query *query, const char *name);
void dns_cancel(struct dns_query *query);

/* dns_message.c */
bool dns_normalize(const char *name, char out[DNS_NAME_MAX]); /* false: no name */
size_t dns_write(const char *name, uint16_t id, uint8_t out[DNS_MESSAGE_MAX]);
/* What the answer to (id, name) says: 0 with ip and ttl, -ENOENT with ttl, -EIO the server has failed, -EAGAIN when it
 * is no answer to it at all. */
int dns_read(const uint8_t *data, size_t bytes, uint16_t id, const char *name, ip_addr_t *ip, uint32_t *ttl_s);
