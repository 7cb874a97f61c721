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
    if (*entry != page && mmio_map_hook) {
        mmio_map_hook(page);
        *entry = page;
    }
    return phys_to_virt(addr);
}

/* Orders the access against those of other devices and of memory, as drivers expect it of every machine. */
static void fence(void) {
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}

#define ACCESSORS(bits)                                                                            \
    uint##bits##_t arch_io_read##bits(uint64_t addr) {                                             \
        uint##bits##_t value = *(volatile uint##bits##_t *)at(addr);                               \
        fence();                                                                                   \
        return value;                                                                              \
    }                                                                                              \
    void arch_io_write##bits(uint64_t addr, uint##bits##_t value) {                                \
        fence();                                                                                   \
        *(volatile uint##bits##_t *)at(addr) = value;                                              \
    }

ACCESSORS(8)
ACCESSORS(16)
ACCESSORS(32)
