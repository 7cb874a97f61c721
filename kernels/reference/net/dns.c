/* The resolver. Each question goes out from a random port of its own with a random number, and only the server that was
 * asked may answer: who cannot see the question can hardly forge the answer. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "dns.h"

#define PORT 53
#define FIRST_WAIT_MS 1000 /* then 2 and 4 s */
#define TRIES 3
#define LONGEST_TTL_S 86400

struct dns_entry {
    char name[DNS_NAME_MAX];
    ip_addr_t ip;   /* 0: there is no such name */
    uint64_t until; /* ms; 0: free */
};

struct dns_client {
    struct dns_entry cache[DNS_CACHE];
    struct dns_query *queries;
};

int dns_init(struct net_stack *net) {
    net->resolver = kzalloc(sizeof *net->resolver);
    return net->resolver ? 0 : -ENOMEM;
}

void dns_free(struct net_stack *net) {
    while (net->resolver && net->resolver->queries)
        dns_cancel(net->resolver->queries);
    kfree(net->resolver);
    net->resolver = NULL;
}

void dns_flush(struct net_stack *net) {
    memset(net->resolver->cache, 0, sizeof net->resolver->cache);
}

static struct dns_entry *cached(struct net_stack *net, const char *name) {
    for (size_t i = 0; i < DNS_CACHE; i++)
        if (net->resolver->cache[i].until > net->now && strcmp(net->resolver->cache[i].name, name) == 0)
            return &net->resolver->cache[i];
    return NULL;
}

static void remember(struct net_stack *net, const char *name, ip_addr_t ip, uint32_t ttl_s) {
    struct dns_entry *e = cached(net, name);
    if (!ttl_s)
        return;
    for (size_t i = 0; i < DNS_CACHE && !e; i++)
        if (net->resolver->cache[i].until <= net->now)
            e = &net->resolver->cache[i];
    if (!e) {
        e = net->resolver->cache; /* the one that would be forgotten first */
        for (size_t i = 1; i < DNS_CACHE; i++)
            if (net->resolver->cache[i].until < e->until)
                e = &net->resolver->cache[i];
    }
    strlcpy(e->name, name, sizeof e->name);
    e->ip = ip;
    e->until = net->now + (uint64_t)(ttl_s < LONGEST_TTL_S ? ttl_s : LONGEST_TTL_S) * 1000;
}

void dns_cancel(struct dns_query *q) {
    if (!q->net)
        return;
    struct dns_query **link = &q->net->resolver->queries;
    while (*link && *link != q)
        link = &(*link)->link;
    if (*link)
        *link = q->link;
    udp_close(&q->endpoint);
    q->net = NULL;
}

static void finish(struct dns_query *q, int status, ip_addr_t ip) {
    struct net_stack *net = q->net;
    dns_cancel(q);
    q->status = status;
    q->ip = ip;
    net_notify(net, q->owner);
}

static void ask(struct dns_query *q) {
    uint8_t message[DNS_MESSAGE_MAX];
    udp_send(&q->endpoint, q->endpoint.peer_ip, PORT, message, dns_write(q->name, q->id, message));
    q->next = q->net->now + (FIRST_WAIT_MS << q->tries);
    q->tries++;
    net_timer(q->net, q->next);
}

static void answer(void *context, ip_addr_t src, uint16_t port, const uint8_t *data, size_t bytes) {
    struct dns_query *q = context;
    ip_addr_t ip = 0;
    uint32_t ttl;
    (void)src, (void)port; /* the endpoint has checked them */
    int status = dns_read(data, bytes, q->id, q->name, &ip, &ttl);
    if (status == -EAGAIN)
        return;
    if (status == 0 || status == -ENOENT)
        remember(q->net, q->name, status == 0 ? ip : 0, ttl);
    finish(q, status, ip);
}

void dns_lookup(struct net_stack *net, struct dns_query *q, const char *name) {
    net_update_time(net);
    memset(&q->endpoint, 0, sizeof q->endpoint);
    q->net = NULL;
    q->tries = 0;
    if (ip_parse(name, &q->ip)) {
        q->status = 0;
        return;
    }
    if (!dns_normalize(name, q->name)) {
        q->status = -EINVAL;
        return;
    }
    if (strcmp(q->name, "localhost") == 0) {
        q->ip = IP_LOOPBACK;
        q->status = 0;
        return;
    }
    struct dns_entry *e = cached(net, q->name);
    if (e) {
        q->ip = e->ip;
        q->status = e->ip ? 0 : -ENOENT;
        return;
    }
    if (!net->dns) {
        q->status = -ENETUNREACH;
        return;
    }
    q->id = (uint16_t)net_random32(net);
    q->endpoint.handler = answer;
    q->endpoint.context = q;
    q->endpoint.peer_ip = net->dns;
    q->endpoint.peer_port = PORT;
    q->status = udp_open(net, &q->endpoint, 0, 0);
    if (q->status != 0)
        return;
    q->net = net;
    q->status = -EINPROGRESS;
    q->link = net->resolver->queries;
    net->resolver->queries = q;
    ask(q);
}

void dns_timers(struct net_stack *net) {
    for (struct dns_query *q = net->resolver->queries, *next; q; q = next) {
        next = q->link;
        if (net->now < q->next)
            net_timer(net, q->next);
        else if (q->tries < TRIES)
            ask(q);
        else
            finish(q, -ETIMEDOUT, 0);
    }
}
