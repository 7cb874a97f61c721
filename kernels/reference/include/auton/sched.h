/* Preemptive scheduler: round robin within priority classes, ticks of 10 ms. */
#pragma once
#include <auton/types.h>

#define TICK_HZ 100

enum priority_class { PRIO_KERNEL, PRIO_SLM, PRIO_SYSTEM, PRIO_USER, PRIO_BACKGROUND, PRIO_CLASSES };
enum thread_state { THREAD_CREATED, THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED, THREAD_SLEEPING, THREAD_TERMINATED };

typedef struct thread thread_t;
typedef uint32_t tid_t;

struct wait_queue {
    thread_t *head;
};

/* Creates and starts a thread; 0 when there is no memory. */
tid_t thread_create(const char *name, enum priority_class prio, void (*entry)(void *), void *arg);
void thread_exit(void) NORETURN;
int thread_kill(tid_t tid); /* 0; -1 no such thread; -2 it may not be killed. A thread with a mutex ends when it unlocks. */
/* 0 ended; -1 time-out; ended and reaped threads give 0. timeout_ms 0 waits for ever. */
int thread_join(tid_t tid, uint32_t timeout_ms);
tid_t thread_current(void);
void thread_yield(void);
void thread_sleep_ms(uint32_t ms);
/* From here on the calling thread may use floating-point and vector registers, in code that is compiled for it. 0; -1
 * when this machine has none, or no memory to keep them. */
int thread_use_fpu(void);

/* Blocks until woken; timeout_ms 0 waits for ever. Returns false on time-out. `irq` states and locks are the
 * caller's: check the condition with interrupts off, then wait, as in `while (!ready) wait_on(&q, 0);`. */
bool wait_on(struct wait_queue *q, uint32_t timeout_ms);
void wake_one(struct wait_queue *q);
void wake_all(struct wait_queue *q);

/* For what takes longer than interrupts may be off, such as a transfer of a disk: threads wait for one another. Not
 * from interrupts, not twice by one thread. Who holds a mutex is killed only once it has unlocked. */
struct mutex {
    thread_t *owner;
    struct wait_queue waiters;
};
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

/* A thread starts a device, whose interrupt calls complete(). Reset before the start; one thread waits. */
struct completion {
    volatile bool done;
    struct wait_queue waiters;
};
void completion_reset(struct completion *c);
void complete(struct completion *c);
/* `look(arg)` is called now and then with interrupts off: it checks the device as its interrupt handler would, in case the
 * interrupt got lost. False after timeout_ms: the device is still at work, stop it before you free what it works on. */
bool completion_wait(struct completion *c, uint32_t timeout_ms, void (*look)(void *arg), void *arg);
unsigned completions_without_interrupt(void); /* found by look(), so far: on a sound machine next to none */

bool thread_alive(tid_t tid);
bool sched_running(void);

struct thread_info {
    tid_t tid;
    char name[24];
    enum priority_class prio;
    enum thread_state state;
    uint64_t cpu_ticks;
};
size_t sched_list(struct thread_info *out, size_t max); /* returns how many were written */
uint64_t sched_idle_ticks(void);

/* Set by the scheduler: the name of what runs, for the last words of a panic. */
extern const char *(*thread_name_hook)(void);
/* Set by the scheduler: ends the boot thread once boot is done; without it the machine idles in kernel_main(). */
extern void (*boot_done_hook)(void);

/* The tick belongs to boot and works without the scheduler, which hangs itself on the hook.
 * timer_tick() is called by the timer interrupt, 100 times a second. */
void timer_tick(void);
extern void (*timer_tick_hook)(void);
uint64_t timer_ticks(void);
uint64_t uptime_ms(void);
