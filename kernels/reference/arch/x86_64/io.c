/* Port and memory access, and where physical memory lies. */
#include <auton/arch.h>
#include "cpu.h"
#include "mmio.h"

#define PORTS_END 0x10000ULL

static void *boot_map(phys_addr_t phys) {
    return phys_to_virt(phys); /* the boot page tables cover the first 4 GB */
}
void *(*mmio_map_hook)(phys_addr_t phys) = boot_map;

void *phys_to_virt(phys_addr_t phys) {
    return (void *)(ARCH_KERNEL_VBASE + phys);
}

phys_addr_t virt_to_phys(const void *virt) {
    return (uint64_t)virt - ARCH_KERNEL_VBASE;
}

void arch_io_barrier(void) {
    __asm__ volatile("mfence" : : : "memory");
}

uint8_t arch_io_read8(uint64_t addr) {
    return addr < PORTS_END ? inb((uint16_t)addr) : *(volatile uint8_t *)mmio_map_hook(addr);
}

uint16_t arch_io_read16(uint64_t addr) {
    return addr < PORTS_END ? inw((uint16_t)addr) : *(volatile uint16_t *)mmio_map_hook(addr);
}

uint32_t arch_io_read32(uint64_t addr) {
    return addr < PORTS_END ? inl((uint16_t)addr) : *(volatile uint32_t *)mmio_map_hook(addr);
}

void arch_io_write8(uint64_t addr, uint8_t value) {
    if (addr < PORTS_END)
        outb((uint16_t)addr, value);
    else
        *(volatile uint8_t *)mmio_map_hook(addr) = value;
}

void arch_io_write16(uint64_t addr, uint16_t value) {
    if (addr < PORTS_END)
        outw((uint16_t)addr, value);
    else
        *(volatile uint16_t *)mmio_map_hook(addr) = value;
}

void arch_io_write32(uint64_t addr, uint32_t value) {
    if (addr < PORTS_END)
        outl((uint16_t)addr, value);
    else
        *(volatile uint32_t *)mmio_map_hook(addr) = value;
}
