/* The stack of a thread that has not run yet, as arch_context_switch() expects to find it. */
#include <auton/arch.h>

extern const uint8_t thread_first_code[];

uint64_t arch_setup_initial_context(void *stack_top, void (*entry)(void *), void *arg) {
    uint64_t *sp = stack_top;
    *--sp = 0; /* ends the call chain, and keeps the stack aligned at the call */
    *--sp = 0;
    *--sp = (uint64_t)thread_first_code;
    *--sp = 0;               /* rbp */
    *--sp = 0;               /* rbx */
    *--sp = (uint64_t)entry; /* r12 */
    *--sp = (uint64_t)arg;   /* r13 */
    *--sp = 0;               /* r14 */
    *--sp = 0;               /* r15 */
    return (uint64_t)sp;
}
