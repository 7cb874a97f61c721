/* Access to devices, and where physical memory lies. */
#include <auton/arch.h>
#include "mmio.h"

void (*mmio_map_hook)(phys_addr_t page);

void *phys_to_virt(phys_addr_t phys) {
    return (void *)(ARCH_KERNEL_VBASE + phys);
}

phys_addr_t virt_to_phys(const void *virt) {
    return (uint64_t)virt - ARCH_KERNEL_VBASE;
}

/* Mappings of devices stay, so a page that was seen once needs no further look at the page tables. */
static void *at(phys_addr_t addr) {
    static phys_addr_t seen[16];
    phys_addr_t page = ALIGN_DOWN(addr, ARCH_PAGE_SIZE), *entry = &seen[page / ARCH_PAGE_SIZE % ARRAY_SIZE(seen)];
    if (*entry != page + 1 && mmio_map_hook) {
        mmio_map_hook(page);
        *entry = page + 1; /* 0: none */
    }
    return phys_to_virt(addr);
}

void arch_io_barrier(void) {
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}

/* Drivers expect of every machine that its registers are accessed in order, with memory too. */
#define ACCESSORS(bits)                                                                            \
    uint##bits##_t arch_io_read##bits(uint64_t addr) {                                             \
        uint##bits##_t value = *(volatile uint##bits##_t *)at(addr);                               \
        arch_io_barrier();                                                                         \
        return value;                                                                              \
    }                                                                                              \
    void arch_io_write##bits(uint64_t addr, uint##bits##_t value) {                                \
        arch_io_barrier();                                                                         \
        *(volatile uint##bits##_t *)at(addr) = value;                                              \
    }

ACCESSORS(8)
ACCESSORS(16)
ACCESSORS(32)
