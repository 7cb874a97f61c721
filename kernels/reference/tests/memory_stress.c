/* Many threads allocate, fill, check and free at once, long enough to be interrupted in the middle of it again and
 * again: an object that two of them were given, or a count that a race lost, shows here. Without the lock of the slab
 * allocator this fails. */
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define WORKERS 4 /* the first of them interrupts the others */
#define TICKS 40
#define LIVE 16
#define OBJECT_BYTES 32 /* small and of one class: they meet in the allocator, not elsewhere */
#define JOIN_MS 10000
#define ROUNDS 3 /* at most */

struct worker {
    uint32_t seed;
    const char *failure;
    uint8_t *objects[LIVE];
};

static bool interrupter_done;

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static bool holds(const uint8_t *object, size_t size, uint8_t value) {
    for (size_t i = 0; i < size; i++)
        if (object[i] != value)
            return false;
    return true;
}

/* Fills an empty slot, or checks and empties a full one. */
static void step(struct worker *self) {
    unsigned slot = next_random(&self->seed) % LIVE;
    uint8_t *object = self->objects[slot];
    if (object) {
        if (!holds(object, OBJECT_BYTES, object[0]))
            self->failure = "an object was changed by somebody else";
        kfree(object);
        self->objects[slot] = NULL;
        return;
    }
    object = kmalloc(OBJECT_BYTES);
    if (!object)
        self->failure = "out of memory";
    else
        self->objects[slot] = memset(object, (int)self->seed, OBJECT_BYTES);
}

static void finish(struct worker *self) {
    for (unsigned slot = 0; slot < LIVE; slot++)
        kfree(self->objects[slot]);
}

static void work(void *arg) {
    struct worker *self = arg;
    while (!self->failure && !__atomic_load_n(&interrupter_done, __ATOMIC_RELAXED))
        step(self);
    finish(self);
}

/* Wakes at every tick, wherever the others are just then, and does what they do. */
static void interrupt_them(void *arg) {
    struct worker *self = arg;
    for (unsigned tick = 0; tick < TICKS && !self->failure; tick++) {
        for (unsigned i = 0; i < LIVE; i++)
            step(self);
        thread_sleep_ms(1000 / TICK_HZ);
    }
    finish(self);
    __atomic_store_n(&interrupter_done, true, __ATOMIC_RELAXED);
}

/* Threads that have ended are cleared away a little later. */
static bool used_again(uint64_t bytes) {
    struct mm_stats now;
    for (unsigned wait = 0; wait < 100; wait++) {
        mm_get_stats(&now);
        if (now.slab_used_bytes <= bytes)
            return true;
        thread_sleep_ms(10);
    }
    return false;
}

/* All workers at once until each has had its turns; why it failed, or NULL. `leaked`: more is in use than before. */
static const char *stress(bool *leaked) {
    static struct worker workers[WORKERS];
    tid_t tids[WORKERS];
    struct mm_stats before;
    mm_get_stats(&before);
    interrupter_done = false;
    for (unsigned i = 0; i < WORKERS; i++) {
        bool interrupter = i == 0;
        workers[i] = (struct worker){.seed = 1000 + i};
        tids[i] = thread_create("stress", interrupter ? PRIO_SLM : PRIO_BACKGROUND,
                                interrupter ? interrupt_them : work, &workers[i]);
        CHECK(tids[i] != 0);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        CHECK(thread_join(tids[i], JOIN_MS) == 0);
    for (unsigned i = 0; i < WORKERS; i++)
        if (workers[i].failure)
            return workers[i].failure;
    *leaked = !used_again(before.slab_used_bytes);
    return NULL;
}

/* What the workers leave behind they leave every time; what others take meanwhile, as the network does when it gets its
 * address, they take once. */
SELFTEST(stress_memory, "tests") {
    bool leaked = true;
    const char *reason = NULL;
    for (unsigned round = 0; round < ROUNDS && leaked && !reason; round++)
        reason = stress(&leaked);
    return reason ? reason : leaked ? "what was allocated was not freed" : NULL;
}
