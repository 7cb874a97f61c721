/* The kernel's stack: one, with a lock, a thread and the cards that drivers have registered. */
#pragma once
#include <auton/net.h>
#include <auton/sched.h>
#include "stack.h"

extern struct net_stack net_stack;

/* The lock is a spinlock: nothing in it waits, and no thread is killed while it holds it. */
uint64_t net_lock(void);
void net_unlock(uint64_t irq);

/* What the stack calls an owner: somebody waits here. */
struct net_waiter {
    struct wait_queue queue;
};
/* With the lock held: gives it up, waits until woken or `deadline` (uptime in ms, 0 for ever), takes it again. False when
 * the deadline has passed. */
bool net_wait(struct net_waiter *waiter, uint64_t deadline);
uint64_t net_deadline(uint32_t timeout_ms); /* 0 stays 0 */

