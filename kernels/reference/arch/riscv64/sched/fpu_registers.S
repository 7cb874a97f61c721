/* The floating-point registers to and from memory: f0 to f31, then fcsr. */
#include "fpu.h"

    .macro each_register what
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \what f\n, 8 * \n(a0)
    .endr
    .endm

    .text
/* void fpu_store(void *state), void fpu_load(const void *state): sstatus.FS is on */
    .globl fpu_store, fpu_load
    .type fpu_store, @function
    .type fpu_load, @function
fpu_store:
    each_register fsd
    frcsr t0
    sw t0, FPU_FCSR(a0)
    ret
    .size fpu_store, . - fpu_store

fpu_load:
    each_register fld
    lw t0, FPU_FCSR(a0)
    fscsr t0
    ret
    .size fpu_load, . - fpu_load

    .section .note.GNU-stack, ""
