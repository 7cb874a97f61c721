/* Self-tests of threads, classes, preemption, waiting and killing. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/sched.h>

static volatile uint32_t sequence; /* one hexadecimal digit for each thread that ran, in order */

static void note(void *arg) {
    uint64_t irq = arch_save_irq_state();
    sequence = sequence << 4 | (uint32_t)(uint64_t)arg;
    arch_restore_irq_state(irq);
}

SELFTEST(sched_create, "sched") {
    sequence = 0;
    tid_t tid = thread_create("test", PRIO_USER, note, (void *)7);
    CHECK(tid != 0 && tid != thread_current());
    CHECK(thread_join(tid, 2000) == 0 && sequence == 7);
    CHECK(!thread_alive(tid) && thread_join(tid, 0) == 0 && thread_kill(tid) == -1);
    CHECK(thread_create("bad", PRIO_CLASSES, note, NULL) == 0 && thread_create("bad", PRIO_USER, NULL, NULL) == 0);
    return NULL;
}

/* Both share a class and give way after each step; locals must survive the switches. */
static volatile uint32_t steps[2], mixed;
static volatile uint64_t sums[2];

static void ping_pong(void *arg) {
    uint64_t me = (uint64_t)arg, sum = me;
    for (uint32_t i = 0; i < 100; i++) {
        if (i > 0 && steps[1 - me] > 0 && steps[1 - me] < 100)
            mixed++;
        steps[me] = steps[me] + 1;
        sum += i * (me + 1);
        thread_yield();
    }
    sums[me] = sum;
}

SELFTEST(context_switch, "sched") {
    steps[0] = steps[1] = mixed = 0;
    uint64_t irq = arch_save_irq_state();
    tid_t a = thread_create("ping", PRIO_USER, ping_pong, (void *)0), b = thread_create("pong", PRIO_USER, ping_pong, (void *)1);
    arch_restore_irq_state(irq);
    CHECK(a && b && thread_join(a, 5000) == 0 && thread_join(b, 5000) == 0);
    CHECK(steps[0] == 100 && steps[1] == 100);
    CHECK(sums[0] == 4950 && sums[1] == 9901);
    CHECK(mixed > 150);
    return NULL;
}

SELFTEST(sched_priority, "sched") {
    tid_t tids[4];
    sequence = 0;
    uint64_t irq = arch_save_irq_state(); /* all four are ready before the first may run */
    tids[0] = thread_create("background", PRIO_BACKGROUND, note, (void *)4);
    tids[1] = thread_create("user", PRIO_USER, note, (void *)3);
    tids[2] = thread_create("system", PRIO_SYSTEM, note, (void *)2);
    tids[3] = thread_create("slm", PRIO_SLM, note, (void *)1);
    arch_restore_irq_state(irq);
    for (unsigned i = 0; i < 4; i++)
        CHECK(tids[i] && thread_join(tids[i], 2000) == 0);
    CHECK(sequence == 0x1234);
    return NULL;
}

static volatile uint64_t spins[3];
static void spin(void *arg) {
    for (;;)
        spins[(uint64_t)arg]++;
}

SELFTEST(sched_preemption, "sched") {
    spins[0] = spins[1] = 0;
    tid_t a = thread_create("spin", PRIO_USER, spin, (void *)0), b = thread_create("spin", PRIO_USER, spin, (void *)1);
    CHECK(a && b);
    thread_sleep_ms(60); /* six ticks: each of the two has its slice of two */
    bool both = spins[0] && spins[1];
    CHECK(thread_kill(a) == 0 && thread_kill(b) == 0);
    uint64_t stopped = spins[0] + spins[1];
    thread_sleep_ms(20);
    CHECK(both && spins[0] + spins[1] == stopped);
    return NULL;
}

SELFTEST(sched_no_starvation, "sched") {
    spins[0] = spins[2] = 0;
    tid_t busy = thread_create("busy", PRIO_USER, spin, (void *)0);
    tid_t humble = thread_create("humble", PRIO_BACKGROUND, spin, (void *)2);
    CHECK(busy && humble);
    for (unsigned i = 0; i < 100 && !spins[2]; i++)
        thread_sleep_ms(10);
    bool both = spins[0] && spins[2];
    CHECK(thread_kill(busy) == 0 && thread_kill(humble) == 0);
    CHECK(both);
    return NULL;
}

static struct wait_queue slm_queue;
static volatile bool system_saw_slm, slm_ran;

static void wait_as_slm(void *arg) {
    (void)arg;
    slm_ran = wait_on(&slm_queue, 2000);
}
static void wake_as_system(void *arg) {
    (void)arg;
    wake_one(&slm_queue);
    system_saw_slm = slm_ran; /* it must have run before this line */
}

SELFTEST(sched_slm_wakeup_preempts, "sched") {
    system_saw_slm = slm_ran = false;
    tid_t slm = thread_create("slm", PRIO_SLM, wait_as_slm, NULL);
    tid_t system = thread_create("system", PRIO_SYSTEM, wake_as_system, NULL);
    CHECK(slm && system && thread_join(system, 2000) == 0 && thread_join(slm, 2000) == 0);
    CHECK(slm_ran && system_saw_slm);
    return NULL;
}

SELFTEST(sched_sleep, "sched") {
    uint64_t ns = arch_time_ns(), ticks = timer_ticks();
    thread_sleep_ms(30);
    ns = arch_time_ns() - ns;
    ticks = timer_ticks() - ticks;
    CHECK(ns >= 29000000); /* never shorter, but for the error of two clocks */
    CHECK(ticks >= 3 && ticks <= 5);
    return NULL;
}

SELFTEST(sched_wait_timeout, "sched") {
    struct wait_queue nobody = {NULL};
    uint64_t ticks = timer_ticks();
    CHECK(!wait_on(&nobody, 20) && !nobody.head);
    CHECK(timer_ticks() - ticks >= 2);
    tid_t sleeper = thread_create("sleeper", PRIO_USER, wait_as_slm, NULL);
    CHECK(sleeper && thread_join(sleeper, 10) == -1);
    wake_all(&slm_queue);
    CHECK(thread_join(sleeper, 2000) == 0 && slm_ran);
    return NULL;
}

SELFTEST(sched_kill, "sched") {
    thread_create("reap", PRIO_USER, note, (void *)1); /* what is allocated once is allocated now */
    thread_sleep_ms(20);
    uint64_t before = pmm_free_page_count();
    tid_t waiting = thread_create("waiting", PRIO_USER, wait_as_slm, NULL);
    CHECK(waiting && thread_join(waiting, 10) == -1);
    CHECK(thread_kill(waiting) == 0 && !thread_alive(waiting) && !slm_queue.head);
    CHECK(thread_kill(waiting) == -1 && thread_kill(999999) == -1);
    tid_t kernel = thread_create("kernel", PRIO_KERNEL, wait_as_slm, NULL);
    CHECK(kernel && thread_join(kernel, 10) == -1 && thread_kill(kernel) == -2);
    wake_all(&slm_queue);
    CHECK(thread_join(kernel, 2000) == 0);
    thread_sleep_ms(20); /* the idle thread frees their stacks */
    CHECK(pmm_free_page_count() == before);
    return NULL;
}

static void touch_guard(void *arg) {
    uint8_t *stack = (uint8_t *)ALIGN_DOWN((uint64_t)__builtin_frame_address(0), PAGE_SIZE), byte;
    unsigned pages = 0;
    while (arch_probe_read(stack - 1, &byte) && pages < 16) {
        stack -= PAGE_SIZE;
        pages++;
    }
    *(volatile bool *)arg = pages < ARCH_STACK_SIZE / PAGE_SIZE && !arch_probe_write(stack - 1, 0);
}

SELFTEST(sched_stack_guard, "sched") {
    volatile bool guarded = false;
    tid_t tid = thread_create("guard", PRIO_USER, touch_guard, (void *)(uintptr_t)&guarded);
    CHECK(tid && thread_join(tid, 2000) == 0 && guarded);
    return NULL;
}

static volatile uint32_t woken;

static void wait_for_all(void *queue) {
    if (wait_on(queue, 2000))
        __atomic_fetch_add(&woken, 1, __ATOMIC_RELAXED);
}

SELFTEST(sched_wake_one_and_all, "sched") {
    static struct wait_queue queue;
    tid_t tids[4];
    woken = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(tids); i++) {
        tids[i] = thread_create("waiter", PRIO_SYSTEM, wait_for_all, &queue);
        CHECK(tids[i] && thread_join(tids[i], 10) == -1);
    }
    wake_one(&queue);
    CHECK(thread_join(tids[0], 1000) == 0 && woken == 1 && queue.head);
    wake_all(&queue);
    for (unsigned i = 1; i < ARRAY_SIZE(tids); i++)
        CHECK(thread_join(tids[i], 1000) == 0);
    CHECK(woken == 4 && !queue.head);
    return NULL;
}
