/* The stack of a thread that has not run yet, as arch_context_switch() expects to find it. */
#include <auton/arch.h>

extern const uint8_t thread_first_code[];

struct saved {
    uint64_t frame, link; /* x29: 0, which ends the call chain; x30 */
    uint64_t x19_to_x28[10];
};
_Static_assert(sizeof(struct saved) == 96, "switch.S counts on it");

uint64_t arch_setup_initial_context(void *stack_top, void (*entry)(void *), void *arg) {
    struct saved *saved = (struct saved *)stack_top - 1;
    *saved = (struct saved){.link = (uint64_t)thread_first_code, .x19_to_x28 = {(uint64_t)entry, (uint64_t)arg}};
    return (uint64_t)saved;
}
