/* Wait queues, time-outs and sleep. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/sync.h>
#include "sched_internal.h"

#define MS_PER_TICK (1000 / TICK_HZ)

static thread_t *deadlines; /* earliest first */

static void add_deadline(thread_t *t, uint32_t ms) {
    /* The current tick has begun already, so one more makes sure of the whole time. */
    t->deadline = timer_ticks() + (ms + MS_PER_TICK - 1) / MS_PER_TICK + 1;
    t->has_deadline = true;
    thread_t **link = &deadlines;
    while (*link && (*link)->deadline <= t->deadline)
        link = &(*link)->sleep_next;
    t->sleep_next = *link;
    *link = t;
}

static void remove_deadline(thread_t *t) {
    if (!t->has_deadline)
        return;
    thread_t **link = &deadlines;
    while (*link != t)
        link = &(*link)->sleep_next;
    *link = t->sleep_next;
    t->has_deadline = false;
}

/* Higher classes first, in the order of arrival within a class. */
static void add_waiter(struct wait_queue *q, thread_t *t) {
    thread_t **link = &q->head;
    while (*link && (*link)->prio <= t->prio)
        link = &(*link)->next;
    t->next = *link;
    *link = t;
    t->queue = q;
}

void wait_cancel(thread_t *t) {
    remove_deadline(t);
    if (!t->queue)
        return;
    thread_t **link = &t->queue->head;
    while (*link != t)
        link = &(*link)->next;
    *link = t->next;
    t->queue = NULL;
}

static void block(struct wait_queue *q, uint32_t timeout_ms, enum thread_state state) {
    if (!current)
        panic("sched: wait before the scheduler runs");
    current->state = state;
    current->timed_out = false;
    if (q)
        add_waiter(q, current);
    if (timeout_ms)
        add_deadline(current, timeout_ms);
    sched_switch();
}

bool wait_on(struct wait_queue *q, uint32_t timeout_ms) {
    uint64_t irq = arch_save_irq_state();
    block(q, timeout_ms, THREAD_BLOCKED);
    bool woken = !current->timed_out;
    arch_restore_irq_state(irq);
    return woken;
}

void thread_sleep_ms(uint32_t ms) {
    uint64_t irq = arch_save_irq_state();
    if (ms)
        block(NULL, ms, THREAD_SLEEPING);
    arch_restore_irq_state(irq);
    if (!ms)
        thread_yield();
}

static void wake(thread_t *t) {
    wait_cancel(t);
    sched_enqueue(t);
}

void wait_expire(uint64_t now) {
    while (deadlines && deadlines->deadline <= now) {
        deadlines->timed_out = true;
        wake(deadlines);
    }
}

void wake_one(struct wait_queue *q) {
    uint64_t irq = arch_save_irq_state();
    if (q->head)
        wake(q->head);
    arch_restore_irq_state(irq);
    preempt_point(irq);
}

void wake_all(struct wait_queue *q) {
    uint64_t irq = arch_save_irq_state();
    while (q->head)
        wake(q->head);
    arch_restore_irq_state(irq);
    preempt_point(irq);
}
