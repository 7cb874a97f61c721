/* The two boot protocols, each a parser that fills boot_info; private to arch/x86_64. */
#pragma once
#include <auton/boot.h>

struct handover {
    void (*basics)(const void *info); /* command line, firmware table */
    void (*memory)(const void *info);
    void (*modules)(const void *info);
};
extern const struct handover pvh_handover, multiboot2_handover;

/* Both ignore what does not fit. */
void handover_add_memory(phys_addr_t base, uint64_t length, uint32_t type);
void handover_add_module(phys_addr_t start, phys_addr_t end, const char *cmdline);
