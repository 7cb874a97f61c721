/* The network stack of the reference kernel as a program: a clock that tests turn, reproducible random numbers, and
 * what the stack needs of the kernel. */
#pragma once
#include "dns.h"
#include "stack.h"
#include "tcp.h"

extern uint64_t host_now_us;
extern uint64_t host_seed;
extern unsigned host_kmalloc_fails; /* one in so many allocations fails; 0: none */
extern long host_allocated;         /* blocks that are not freed */
uint32_t host_random(void);
uint32_t host_below(uint32_t limit);
extern const struct net_env host_env;
