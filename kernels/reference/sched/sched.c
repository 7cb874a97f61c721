/* Who runs: the first thread of the highest class that has one. Each class is a queue; a thread keeps the processor
 * for its class's slice, until it waits, or until a thread of a higher class wakes up. A class that was ready all
 * along and has not run for STARVATION_TICKS gets one slice in between. */
#include <auton/arch.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/sync.h>
#include "sched_internal.h"

#define STARVATION_TICKS 20

static const uint32_t slices[PRIO_CLASSES] = {1, 5, 3, 2, 1};

static struct {
    thread_t *head, *tail;
    uint64_t served; /* tick at which the class last ran, or became ready */
} ready[PRIO_CLASSES];

static thread_t boot_thread = {.name = "main", .prio = PRIO_KERNEL, .state = THREAD_RUNNING};
static thread_t *idle;
static uint64_t idle_ticks;
thread_t *current;

static void push(thread_t *t, bool at_head) {
    enum priority_class c = t->prio;
    t->state = THREAD_READY;
    if (!ready[c].head) {
        ready[c].served = timer_ticks();
        ready[c].tail = t;
        t->next = NULL;
        ready[c].head = t;
    } else if (at_head) {
        t->next = ready[c].head;
        ready[c].head = t;
    } else {
        t->next = NULL;
        ready[c].tail->next = t;
        ready[c].tail = t;
    }
}

static thread_t *pop(enum priority_class c) {
    thread_t *t = ready[c].head;
    ready[c].head = t->next;
    ready[c].served = timer_ticks();
    return t;
}

static thread_t *pick(void) {
    enum priority_class best = 0;
    while (best < PRIO_CLASSES && !ready[best].head)
        best++;
    if (best == PRIO_CLASSES)
        return idle;
    for (enum priority_class c = best + 1; c < PRIO_CLASSES; c++)
        if (ready[c].head && timer_ticks() - ready[c].served >= STARVATION_TICKS)
            return pop(c);
    return pop(best);
}

void sched_enqueue(thread_t *t) {
    t->slice = slices[t->prio];
    push(t, false);
    if (current == idle || t->prio < current->prio)
        preempt_pending = true;
}

void sched_remove_ready(thread_t *t) {
    thread_t **link = &ready[t->prio].head, *before = NULL;
    for (; *link != t; link = &(*link)->next)
        before = *link;
    *link = t->next;
    if (ready[t->prio].tail == t)
        ready[t->prio].tail = before;
}

void sched_switch(void) {
    thread_t *from = current;
    thread_t *to = pick();
    to->state = THREAD_RUNNING;
    if (to == from)
        return;
    current = to;
    if (to->stack)
        arch_set_kernel_stack((uint64_t)to->stack + ARCH_STACK_SIZE);
    if (from->fpu)
        arch_fpu_save(from->fpu);
    if (to->fpu)
        arch_fpu_restore(to->fpu);
    arch_context_switch(&from->sp, to->sp);
}

/* Gives way but stays ready: at the head of its class while its slice lasts, else at the end with a new one. */
static void preempt(void) {
    uint64_t irq = arch_save_irq_state();
    preempt_pending = false;
    if (current == idle) {
        current->state = THREAD_READY;
    } else {
        bool slice_left = current->slice > 0;
        if (!slice_left)
            current->slice = slices[current->prio];
        push(current, slice_left);
    }
    sched_switch();
    arch_restore_irq_state(irq);
}

void thread_yield(void) {
    uint64_t irq = arch_save_irq_state();
    current->slice = 0;
    preempt();
    arch_restore_irq_state(irq);
}

static void on_tick(void) {
    current->cpu_ticks++;
    if (current == idle)
        idle_ticks++;
    else if (current->slice == 0 || --current->slice == 0)
        preempt_pending = true;
    wait_expire(timer_ticks());
}

static void idle_loop(void *arg) {
    (void)arg;
    for (;;) {
        thread_reap();
        arch_halt();
    }
}

bool sched_running(void) {
    return current != NULL;
}

uint64_t sched_idle_ticks(void) {
    return idle_ticks;
}

static const char *current_name(void) {
    return current->name;
}

static void sched_init(void) {
    idle = thread_adopt(&boot_thread, idle_loop);
    current = &boot_thread;
    boot_thread.slice = slices[PRIO_KERNEL];
    preempt_hook = preempt;
    timer_tick_hook = on_tick;
    boot_done_hook = thread_exit;
    thread_name_hook = current_name;
    log_info("SCHED", "Scheduler initialized");
}
INITCALL(INIT_SCHED, sched_init);
