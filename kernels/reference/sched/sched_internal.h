/* Shared by the files of sched/ only. Everything here is called with interrupts off: on the one processor that runs,
 * that is the scheduler's lock. */
#pragma once
#include <auton/sched.h>

struct thread {
    tid_t tid;
    char name[24];
    enum priority_class prio;
    enum thread_state state;
    bool may_be_killed;
    bool kill_pending;        /* killed while it held a mutex */
    uint32_t mutexes;         /* held */
    uint64_t sp;              /* saved while it does not run */
    void *stack;              /* NULL: the boot stack */
    void (*entry)(void *);
    void *arg;
    uint32_t slice;           /* ticks left before the next of its class has its turn */
    uint64_t cpu_ticks;

    thread_t *next;           /* in the run queue, a wait queue or the list of the dead */
    struct wait_queue *queue; /* the wait queue it is in */
    thread_t *sleep_next;     /* in the list of those with a deadline */
    bool has_deadline, timed_out;
    uint64_t deadline;        /* tick */

    void *fpu;                /* where its floating-point registers are while it does not run; NULL: it uses none */
    void *fpu_memory;

    struct wait_queue joiners;
    thread_t *all_next;
};

extern thread_t *current;
extern thread_t *all_threads;

void sched_enqueue(thread_t *t);      /* created or woken: ready, at the end of its class */
void sched_remove_ready(thread_t *t); /* killed while ready */
void sched_switch(void);              /* the current thread's state is no longer "running": gives the processor up */

/* Makes what runs now a thread; returns the idle thread, which is in no queue. */
thread_t *thread_adopt(thread_t *boot_thread, void (*idle_loop)(void *));
void thread_reap(void);               /* frees what ended threads have left; interrupts may be on */

void wait_expire(uint64_t now);       /* wakes those whose deadline has come */
void wait_cancel(thread_t *t);        /* takes a thread out of its wait queue and the deadline list */
