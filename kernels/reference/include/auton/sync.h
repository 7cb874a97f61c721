/* Mutual exclusion. A spinlock also disables interrupts, so it may be taken anywhere. */
#pragma once
#include <auton/types.h>
#include <auton/arch.h>

typedef struct spinlock {
    volatile uint32_t held;
} spinlock_t;

/* A thread of a higher class became ready: give the processor up as soon as interrupts are on. */
extern volatile bool preempt_pending;
extern void (*preempt_hook)(void);

/* After interrupts were restored to `irq_state` by other means than a spinlock's release. */
static inline void preempt_point(uint64_t irq_state) {
    if (preempt_pending && arch_irq_state_enabled(irq_state))
        preempt_hook();
}

static inline uint64_t spin_lock(spinlock_t *lock) {
    uint64_t irq = arch_save_irq_state();
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
    }
    return irq;
}
static inline void spin_unlock(spinlock_t *lock, uint64_t irq) {
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
    arch_restore_irq_state(irq);
    preempt_point(irq);
}
