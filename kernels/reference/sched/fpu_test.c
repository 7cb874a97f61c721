/* Threads that fill all floating-point and vector registers and give way to each other: each finds its own again. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/types.h>

#define THREADS 3
#define TURNS 20
#define ALIGNMENT 64

static const char *failures[THREADS];

/* Fills the registers, lets the others do so too, and reads them back. */
static bool keeps(const uint8_t *filled, uint8_t *found, size_t bytes) {
    memset(found, 0, bytes);
    uint64_t irq = arch_save_irq_state();
    arch_fpu_restore(filled);
    arch_restore_irq_state(irq);
    thread_yield();
    irq = arch_save_irq_state();
    arch_fpu_save(found);
    arch_fpu_restore(filled); /* this thread may go on using them */
    arch_restore_irq_state(irq);
    for (size_t i = 0; i < bytes; i++)
        if (filled[i] && found[i] != filled[i])
            return false;
    return true;
}

static const char *fill_and_yield(uint8_t seed) {
    size_t bytes = ALIGN_UP(arch_fpu_state_bytes(), ALIGNMENT);
    uint8_t *memory = kmalloc(2 * bytes + ALIGNMENT);
    if (!memory || thread_use_fpu() < 0)
        return "a thread cannot use floating point";
    uint8_t *filled = (uint8_t *)ALIGN_UP((uint64_t)memory, ALIGNMENT);
    bool kept = true;
    arch_fpu_init_state(filled);
    arch_fpu_fill_state(filled, seed);
    for (unsigned i = 0; i < TURNS && kept; i++)
        kept = keeps(filled, filled + bytes, arch_fpu_state_bytes());
    kfree(memory);
    return kept ? NULL : "another thread has changed a register of this one";
}

static void run(void *arg) {
    uint64_t self = (uint64_t)arg;
    failures[self] = fill_and_yield((uint8_t)(self + 1));
}

SELFTEST(sched_fpu_state, "sched") {
    tid_t tids[THREADS];
    if (arch_fpu_state_bytes() == 0)
        return NULL; /* there is nothing to keep */
    uint64_t irq = arch_save_irq_state();
    for (unsigned i = 0; i < THREADS; i++) {
        failures[i] = "a thread has not run";
        tids[i] = thread_create("registers", PRIO_USER, run, (void *)(uint64_t)i);
    }
    arch_restore_irq_state(irq);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(tids[i] && thread_join(tids[i], 5000) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        if (failures[i])
            return failures[i];
    return NULL;
}
