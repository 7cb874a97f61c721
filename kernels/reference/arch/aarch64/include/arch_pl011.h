/* The console's PL011, as the device tree describes it. */
#pragma once
#include <auton/types.h>

struct arch_pl011 {
    phys_addr_t base; /* 0: this machine has none */
    uint32_t vector;  /* of its interrupt; 0 when it has none */
};
extern struct arch_pl011 arch_pl011;

#define PL011_DATA 0x00
#define PL011_FLAGS 0x18
#define PL011_FLAG_BUSY (1u << 3)
#define PL011_FLAG_RECEIVE_EMPTY (1u << 4)
#define PL011_FLAG_TRANSMIT_FULL (1u << 5)
