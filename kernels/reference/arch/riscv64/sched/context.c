/* The stack of a thread that has not run yet, as arch_context_switch() expects to find it. */
#include <auton/arch.h>
#include "switch.h"

extern const uint8_t thread_first_code[];

uint64_t arch_setup_initial_context(void *stack_top, void (*entry)(void *), void *arg) {
    struct switch_frame *frame = (struct switch_frame *)((uint8_t *)stack_top - 16) - 1;
    *frame = (struct switch_frame){.ra = (uint64_t)thread_first_code, .s = {[1] = (uint64_t)entry, [2] = (uint64_t)arg}};
    return (uint64_t)frame;
}
