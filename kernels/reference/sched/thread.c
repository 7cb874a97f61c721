/* The life of a thread: created, ended, killed, joined, reaped. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/mm.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "sched_internal.h"

thread_t *all_threads;
static thread_t *dead; /* ended, memory not yet freed: nobody frees the stack it runs on */

static thread_t *find(tid_t tid) {
    thread_t *t = all_threads;
    while (t && t->tid != tid)
        t = t->all_next;
    return t && t->state != THREAD_TERMINATED ? t : NULL;
}

static void add(thread_t *t) {
    static tid_t last_tid;
    thread_t **link = &all_threads;
    while (*link)
        link = &(*link)->all_next;
    t->tid = ++last_tid;
    *link = t;
}

static void first_code(void *arg) {
    thread_t *t = arg;
    t->entry(t->arg);
    thread_exit();
}

static thread_t *make(const char *name, enum priority_class prio, void (*entry)(void *), void *arg) {
    thread_t *t = kzalloc(sizeof *t);
    void *stack = t ? vmm_alloc(ARCH_STACK_SIZE, MAP_WRITABLE | MAP_NOEXEC) : NULL;
    if (!stack) {
        kfree(t);
        return NULL;
    }
    strlcpy(t->name, name, sizeof t->name);
    t->prio = prio;
    t->state = THREAD_CREATED;
    t->may_be_killed = prio != PRIO_KERNEL;
    t->stack = stack;
    t->entry = entry;
    t->arg = arg;
    t->sp = arch_setup_initial_context((uint8_t *)stack + ARCH_STACK_SIZE, first_code, t);
    return t;
}

tid_t thread_create(const char *name, enum priority_class prio, void (*entry)(void *), void *arg) {
    if (!sched_running() || prio >= PRIO_CLASSES || !entry)
        return 0;
    thread_reap();
    thread_t *t = make(name, prio, entry, arg);
    if (!t)
        return 0;
    uint64_t irq = arch_save_irq_state();
    add(t);
    tid_t tid = t->tid; /* it may have ended, and be gone, when we run again */
    sched_enqueue(t);
    arch_restore_irq_state(irq);
    preempt_point(irq);
    return tid;
}

thread_t *thread_adopt(thread_t *boot_thread, void (*idle_loop)(void *)) {
    thread_t *idle = make("idle", PRIO_BACKGROUND, idle_loop, NULL);
    if (!idle)
        panic("sched: no memory for the idle thread");
    idle->may_be_killed = false;
    add(boot_thread);
    add(idle);
    return idle;
}

static void end(thread_t *t) {
    t->state = THREAD_TERMINATED;
    thread_t **link = &all_threads;
    while (*link != t)
        link = &(*link)->all_next;
    *link = t->all_next;
    t->next = dead;
    dead = t;
    wake_all(&t->joiners);
}

void thread_exit(void) {
    arch_disable_interrupts();
    end(current);
    sched_switch();
    panic("sched: a thread that has ended was resumed");
}

int thread_kill(tid_t tid) {
    uint64_t irq = arch_save_irq_state();
    thread_t *t = find(tid);
    int status = !t ? -1 : !t->may_be_killed ? -2 : 0;
    if (status == 0 && t->mutexes) {
        t->kill_pending = true;
    } else if (status == 0) {
        if (t == current)
            thread_exit();
        if (t->state == THREAD_READY)
            sched_remove_ready(t);
        else
            wait_cancel(t);
        end(t);
    }
    arch_restore_irq_state(irq);
    preempt_point(irq);
    return status;
}

int thread_join(tid_t tid, uint32_t timeout_ms) {
    uint64_t irq = arch_save_irq_state();
    uint64_t deadline = uptime_ms() + timeout_ms;
    thread_t *t;
    int status = 0;
    while (status == 0 && (t = find(tid)) != NULL) {
        uint64_t now = uptime_ms();
        if (t == current || (timeout_ms && now >= deadline))
            status = -1;
        else if (!wait_on(&t->joiners, timeout_ms ? (uint32_t)(deadline - now) : 0))
            status = find(tid) ? -1 : 0;
    }
    arch_restore_irq_state(irq);
    return status;
}

bool thread_alive(tid_t tid) {
    uint64_t irq = arch_save_irq_state();
    bool alive = find(tid) != NULL;
    arch_restore_irq_state(irq);
    return alive;
}

tid_t thread_current(void) {
    return current ? current->tid : 0;
}

void thread_reap(void) {
    for (;;) {
        uint64_t irq = arch_save_irq_state();
        thread_t *t = dead;
        if (t)
            dead = t->next;
        arch_restore_irq_state(irq);
        if (!t)
            return;
        kfree(t->fpu_memory);
        if (t->stack) { /* else the boot thread: its memory is the kernel image's */
            vmm_free(t->stack);
            kfree(t);
        }
    }
}

size_t sched_list(struct thread_info *out, size_t max) {
    size_t n = 0;
    uint64_t irq = arch_save_irq_state();
    for (const thread_t *t = all_threads; t && n < max; t = t->all_next, n++) {
        out[n] = (struct thread_info){.tid = t->tid, .prio = t->prio, .state = t->state, .cpu_ticks = t->cpu_ticks};
        strlcpy(out[n].name, t->name, sizeof out[n].name);
    }
    arch_restore_irq_state(irq);
    return n;
}
