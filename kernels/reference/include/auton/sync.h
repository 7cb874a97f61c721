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

static inline uint64_t spin_lock(spinlock_t *lock) {
    uint64_t irq = arch_save_irq_state();
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
    }
    return irq;
}
static inline void spin_unlock(spinlock_t *lock, uint64_t irq) {
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
    arch_restore_irq_state(irq);
    if (preempt_pending && arch_irq_state_enabled(irq))
        preempt_hook();
}
