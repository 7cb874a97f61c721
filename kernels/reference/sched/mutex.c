/* Mutexes: a thread that finds one taken sleeps until its owner is done. What a mutex guards is in order only while
 * nobody holds it, so its owner cannot be killed. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/selftest.h>
#include <auton/sync.h>
#include "sched_internal.h"

void mutex_lock(struct mutex *m) {
    if (!current)
        return; /* before the scheduler runs there is nobody to wait for */
    uint64_t irq = arch_save_irq_state();
    if (m->owner == current)
        panic("sched: %s locks a mutex that it holds", current->name);
    while (m->owner)
        wait_on(&m->waiters, 0);
    m->owner = current;
    current->mutexes++;
    arch_restore_irq_state(irq);
}

/* All that wait try again: the one chosen could be killed before it runs, and the others would sleep for ever. */
void mutex_unlock(struct mutex *m) {
    if (!current)
        return;
    uint64_t irq = arch_save_irq_state();
    if (m->owner != current)
        panic("sched: %s unlocks a mutex that it does not hold", current->name);
    m->owner = NULL;
    current->mutexes--;
    wake_all(&m->waiters);
    if (current->kill_pending && current->mutexes == 0)
        thread_exit();
    arch_restore_irq_state(irq);
    preempt_point(irq);
}

static struct mutex tested;
static volatile uint32_t inside, most_inside, rounds;

static void take_turns(void *unused) {
    (void)unused;
    for (int i = 0; i < 20; i++) {
        mutex_lock(&tested);
        inside++;
        if (inside > most_inside)
            most_inside = inside;
        thread_yield(); /* the others run into the lock */
        inside--;
        rounds++;
        mutex_unlock(&tested);
    }
}

SELFTEST(sched_mutex, "sched") {
    inside = most_inside = rounds = 0;
    tid_t tids[3];
    for (unsigned i = 0; i < 3; i++)
        CHECK((tids[i] = thread_create("turns", PRIO_USER, take_turns, NULL)) != 0);
    for (unsigned i = 0; i < 3; i++)
        CHECK(thread_join(tids[i], 5000) == 0);
    CHECK(rounds == 60 && most_inside == 1 && !tested.owner && !tested.waiters.head);
    return NULL;
}

static volatile bool after_unlock;

static void hold(void *queue) {
    mutex_lock(&tested);
    wait_on(queue, 2000);
    mutex_unlock(&tested);
    after_unlock = true;
}

SELFTEST(sched_mutex_kill, "sched") {
    static struct wait_queue queue;
    after_unlock = false;
    tid_t holder = thread_create("holder", PRIO_USER, hold, &queue);
    CHECK(holder && thread_join(holder, 10) == -1 && tested.owner);
    tid_t next = thread_create("next", PRIO_USER, take_turns, NULL), gone = thread_create("gone", PRIO_USER, take_turns, NULL);
    CHECK(next && gone && thread_join(next, 10) == -1);
    CHECK(thread_kill(gone) == 0 && !thread_alive(gone));
    CHECK(thread_kill(holder) == 0 && thread_alive(holder)); /* it still has the mutex */
    wake_all(&queue);
    CHECK(thread_join(holder, 2000) == 0 && !after_unlock);
    CHECK(thread_join(next, 2000) == 0 && !tested.owner);
    return NULL;
}
