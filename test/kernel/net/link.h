/* Two stacks, 10.0.0.1 and 10.0.0.2, and a link between them that treats frames badly. Time is simulated. */
#pragma once
#include "host.h"

struct link {
    unsigned drop, reorder, duplicate, delay; /* percent of frames */
    uint32_t latency_us;
    bool cut;                                 /* nothing gets through */
    unsigned frames, lost;
    bool (*filter)(const uint8_t *frame, size_t bytes, unsigned from); /* false loses the frame; may be NULL */
};
extern struct link link;
extern struct net_stack hosts[2];

void link_open(uint64_t seed);
void link_close(void); /* frees both stacks and what is on its way */
/* Delivers what is due and runs timers, then turns the clock to the next event. */
void link_step(void);
void link_run_ms(uint64_t ms);
void link_inject(unsigned to, const uint8_t *frame, size_t bytes); /* at once */
