/* Access to devices, and where physical memory lies. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/string.h>
#include "cpu.h"
#include "tables.h"

#define EARLY_TABLES 8
#define ENTRIES 512
#define LARGE_PAGE MB(2)
#define PTE_ADDRESS 0x0000FFFFFFFFF000ULL
#define BLOCK_DEVICE (PTE_BLOCK | PTE_DEVICE | PTE_ACCESSED | PTE_KERNEL_NOEXEC | PTE_USER_NOEXEC)

uint64_t no_user_table[ENTRIES] __attribute__((aligned(4096)));

void *phys_to_virt(phys_addr_t phys) {
    return (void *)(ARCH_KERNEL_VBASE + phys);
}

phys_addr_t virt_to_phys(const void *virt) {
    return (uint64_t)virt - ARCH_KERNEL_VBASE;
}

void arch_flush_tlb_everything(void) {
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb ish\n\tisb" : : : "memory");
}

/* Before there is memory for tables: 2 MB around a device in the boot tables, by tables of the image. */
static void *early_map(phys_addr_t phys) {
    static uint64_t tables[EARLY_TABLES][ENTRIES] __attribute__((aligned(4096)));
    static unsigned used;
    uint64_t *table = boot_l0;
    for (unsigned shift = 39; shift > 21; shift -= 9) {
        uint64_t *entry = &table[phys >> shift & (ENTRIES - 1)];
        if (!(*entry & PTE_VALID)) {
            if (used == EARLY_TABLES)
                panic("no room to map the device at 0x%lx", phys);
            *entry = virt_to_phys(tables[used++]) | PTE_TABLE;
        }
        table = phys_to_virt(*entry & PTE_ADDRESS);
    }
    uint64_t *entry = &table[phys >> 21 & (ENTRIES - 1)], wanted = ALIGN_DOWN(phys, LARGE_PAGE) | BLOCK_DEVICE;
    if (*entry != wanted) {
        *entry = 0;
        arch_flush_tlb_everything();
        *entry = wanted;
        dsb();
        isb();
    }
    return phys_to_virt(phys);
}

static void *(*map_device)(phys_addr_t phys) = early_map;
static phys_addr_t seen[16]; /* pages that are surely mapped */

void mmio_use(void *(*map)(phys_addr_t phys)) {
    map_device = map;
    memset(seen, 0, sizeof seen);
}

static void *at(phys_addr_t addr) {
    phys_addr_t page = ALIGN_DOWN(addr, ARCH_PAGE_SIZE), *entry = &seen[page / ARCH_PAGE_SIZE % ARRAY_SIZE(seen)];
    if (*entry != page + 1) { /* 0: none */
        map_device(addr);
        *entry = page + 1;
    }
    return phys_to_virt(addr);
}

void arch_io_barrier(void) {
    __asm__ volatile("dmb osh" : : : "memory"); /* outer shareable: devices take part */
}

/* The compiler must take plain loads and stores: what hypervisors emulate may not change the address register. */
#define ACCESSORS(bits, size)                                                                 \
    uint##bits##_t arch_io_read##bits(uint64_t addr) {                                             \
        uint##bits##_t value;                                                                      \
        __asm__ volatile("ldr" size " %w0, [%1]\n\tdsb ld" : "=r"(value) : "r"(at(addr)) : "memory"); \
        return value;                                                                              \
    }                                                                                              \
    void arch_io_write##bits(uint64_t addr, uint##bits##_t value) {                                \
        __asm__ volatile("dsb st\n\tstr" size " %w0, [%1]" : : "r"(value), "r"(at(addr)) : "memory"); \
    }

ACCESSORS(8, "b")
ACCESSORS(16, "h")
ACCESSORS(32, "")
