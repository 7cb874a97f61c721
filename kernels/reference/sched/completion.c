/* Waiting for a device: its interrupt wakes the thread, and now and then the thread looks for itself, because an
 * interrupt that got lost must cost time, not the machine. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/selftest.h>
#include "sched_internal.h"

#define LOOK_MS 50

static unsigned found_by_look;

unsigned completions_without_interrupt(void) {
    return found_by_look;
}

void completion_reset(struct completion *c) {
    c->done = false;
}

void complete(struct completion *c) {
    c->done = true;
    wake_all(&c->waiters);
}

bool completion_wait(struct completion *c, uint32_t timeout_ms, void (*look)(void *arg), void *arg) {
    uint64_t deadline = uptime_ms() + timeout_ms;
    uint64_t irq = arch_save_irq_state();
    while (!c->done && uptime_ms() < deadline)
        if (!wait_on(&c->waiters, LOOK_MS)) {
            look(arg);
            found_by_look += c->done;
        }
    bool done = c->done;
    arch_restore_irq_state(irq);
    return done;
}

static unsigned looks, done_after;
static void look_at(void *c) {
    if (++looks == done_after)
        complete(c);
}
static void complete_soon(void *c) {
    complete(c);
}

SELFTEST(sched_completion, "sched") {
    static struct completion c;
    completion_reset(&c);
    looks = 0;
    done_after = 2; /* no interrupt ever comes */
    unsigned before = completions_without_interrupt();
    CHECK(completion_wait(&c, 5000, look_at, &c) && looks == 2 && completions_without_interrupt() == before + 1);
    completion_reset(&c);
    done_after = 1000;
    CHECK(!completion_wait(&c, 60, look_at, &c));
    looks = 0;
    CHECK(thread_create("device", PRIO_USER, complete_soon, &c) != 0);
    CHECK(completion_wait(&c, 5000, look_at, &c));
    CHECK(completion_wait(&c, 5000, look_at, &c)); /* it stays done */
    return NULL;
}
