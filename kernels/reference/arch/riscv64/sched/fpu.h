/* The state of the floating-point registers in memory; private to arch/riscv64/sched. */
#pragma once

#define FPU_FCSR 256
#define FPU_BYTES 264

#ifndef __ASSEMBLER__
void fpu_store(void *state);
void fpu_load(const void *state);
#endif
