/* Many threads allocate, fill, check and free at once: an object that two of them were given, or a count that a
 * race lost, shows here. */
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define WORKERS 6
#define ROUNDS 60
#define LIVE 16
#define JOIN_MS 10000

struct worker {
    uint32_t seed;
    const char *failure;
};

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

static void work(void *arg) {
    struct worker *self = arg;
    uint8_t *objects[LIVE] = {0};
    size_t sizes[LIVE] = {0};
    for (unsigned round = 0; round < ROUNDS * LIVE; round++) {
        unsigned slot = next_random(&self->seed) % LIVE;
        uint8_t value = (uint8_t)(self->seed ^ slot);
        if (objects[slot]) {
            if (!holds(objects[slot], sizes[slot], objects[slot][0]))
                self->failure = "an object was changed by somebody else";
            kfree(objects[slot]);
            objects[slot] = NULL;
            continue;
        }
        sizes[slot] = 1 + next_random(&self->seed) % 3000;
        objects[slot] = kmalloc(sizes[slot]);
        if (!objects[slot]) {
            self->failure = "out of memory";
            break;
        }
        memset(objects[slot], value, sizes[slot]);
        if (round % 7 == 0)
            thread_yield();
    }
    for (unsigned slot = 0; slot < LIVE; slot++)
        kfree(objects[slot]);
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

SELFTEST(stress_memory, "tests") {
    static struct worker workers[WORKERS];
    tid_t tids[WORKERS];
    struct mm_stats before;
    mm_get_stats(&before);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.seed = 1000 + i};
        tids[i] = thread_create("stress", PRIO_SYSTEM, work, &workers[i]);
        CHECK(tids[i] != 0);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        CHECK(thread_join(tids[i], JOIN_MS) == 0);
    for (unsigned i = 0; i < WORKERS; i++)
        if (workers[i].failure)
            return workers[i].failure;
    CHECK(used_again(before.slab_used_bytes)); /* what was allocated was freed */
    return NULL;
}
