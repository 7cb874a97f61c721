/* The link: a list of frames under way, by the time at which they arrive. */
#include "link.h"
#include <stdlib.h>
#include <string.h>

struct flight {
    struct flight *next;
    uint64_t at;
    unsigned to;
    size_t bytes;
    uint8_t frame[NET_FRAME];
};
struct link link;
struct net_stack hosts[2];
static struct flight *flying;

static bool percent(unsigned p) {
    return host_below(100) < p;
}

static void put(unsigned to, const void *frame, size_t bytes, uint64_t at) {
    struct flight *f = malloc(sizeof *f), **at_link = &flying;
    f->at = at;
    f->to = to;
    f->bytes = bytes;
    memcpy(f->frame, frame, bytes);
    while (*at_link && (*at_link)->at <= at)
        at_link = &(*at_link)->next;
    f->next = *at_link;
    *at_link = f;
}

static int transmit(void *card, const void *frame, size_t bytes) {
    unsigned from = (unsigned)(uintptr_t)card;
    link.frames++;
    if (link.cut || percent(link.drop) || (link.filter && !link.filter(frame, bytes, from))) {
        link.lost++;
        return 0;
    }
    uint64_t at = host_now_us + link.latency_us;
    if (percent(link.reorder))
        at += link.latency_us + host_below(3000);
    if (percent(link.delay))
        at += 20000 + host_below(200000);
    put(1 - from, frame, bytes, at);
    if (percent(link.duplicate))
        put(1 - from, frame, bytes, at + host_below(2000));
    return 0;
}

void link_open(uint64_t seed) {
    memset(&link, 0, sizeof link);
    link.latency_us = 500;
    host_seed = seed * 0x9E3779B97F4A7C15ULL + 1;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)(i + 1)};
        if (net_stack_init(&hosts[i], &host_env) != 0)
            abort();
        struct net_if *iface = net_add_if(&hosts[i], "eth0", mac, transmit, (void *)(uintptr_t)i);
        iface->link_up = true;
        net_set_address(iface, IP(10, 0, 0, 1 + i), IP(255, 255, 255, 0), 0);
    }
}

void link_close(void) {
    while (flying) {
        struct flight *f = flying;
        flying = f->next;
        free(f);
    }
    for (unsigned i = 0; i < 2; i++)
        net_stack_free(&hosts[i]);
}

static uint64_t poll(unsigned i) {
    uint32_t wait;
    while ((wait = net_poll(&hosts[i])) == 0)
        host_now_us += 10; /* time goes on while the loopback interface works */
    return host_now_us + (uint64_t)wait * 1000;
}

void link_inject(unsigned to, const uint8_t *frame, size_t bytes) {
    uint8_t *copy = malloc(bytes ? bytes : 1); /* exactly as long, so that a sanitizer sees each byte too many */
    memcpy(copy, frame, bytes);
    net_input(&hosts[to].ifs[1], copy, bytes);
    free(copy);
}

void link_step(void) {
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t at = poll(i);
        next = at < next ? at : next;
    }
    if (flying && flying->at < next)
        next = flying->at;
    if (next > host_now_us)
        host_now_us = next;
    while (flying && flying->at <= host_now_us) {
        struct flight *f = flying;
        flying = f->next;
        link_inject(f->to, f->frame, f->bytes);
        free(f);
    }
}

void link_run_ms(uint64_t ms) {
    uint64_t end = host_now_us + ms * 1000;
    while (host_now_us < end)
        link_step();
}
