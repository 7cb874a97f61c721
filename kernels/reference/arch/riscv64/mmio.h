/* How io.c reaches device memory: the MMU code maps it when it is first touched. */
#pragma once
#include <auton/types.h>

extern void (*mmio_map_hook)(phys_addr_t page); /* NULL while the boot page table maps everything */
