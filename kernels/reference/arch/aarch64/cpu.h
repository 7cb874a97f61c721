/* Instructions that C has no words for; private to arch/aarch64 and its drivers. */
#pragma once
#include <auton/types.h>
#include "sysregs.h"

#define READ_SYSREG(name)                                                                          \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : : "memory");                             \
        value_;                                                                                    \
    })
#define WRITE_SYSREG(name, value)                                                                  \
    __asm__ volatile("msr " name ", %0" : : "r"((uint64_t)(value)) : "memory")

static inline void isb(void) {
    __asm__ volatile("isb" : : : "memory");
}
/* Everything written so far is seen by all, page table walks and devices too. */
static inline void dsb(void) {
    __asm__ volatile("dsb sy" : : : "memory");
}
