/* Where the devices of this machine are, as its device tree says; private to arch/riscv64 and its drivers. */
#pragma once
#include <auton/types.h>

struct machine {
    uint64_t timebase_hz;          /* of the time register */
    struct {
        phys_addr_t base;          /* 0: none */
        uint32_t context;          /* ours: S-mode of the hart that runs the kernel */
        uint32_t sources;          /* highest number of an interrupt */
    } plic;
};
extern struct machine machine;
