/* Memory that devices read and write by themselves. */
#pragma once
#include <auton/arch.h>

/* Zeroed, contiguous, page aligned; `phys` is its address for the device. NULL: out of memory. */
void *dma_alloc(size_t bytes, phys_addr_t *phys);
/* `bytes` as they were asked for. The device must not use it any more. NULL is nothing. */
void dma_free(void *memory, size_t bytes);

/* Accesses to memory and to registers before it come before those after it, for devices too. */
static inline void dma_barrier(void) {
    arch_io_barrier();
}
