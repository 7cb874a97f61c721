/* Four-level page tables: the kernel's own, mapped large, and small pages on demand. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/init.h>
#include <auton/mm.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "../cpu.h"
#include "../mmio.h"

#define PTE_PRESENT (1ULL << 0)
#define PTE_WRITABLE (1ULL << 1)
#define PTE_USER (1ULL << 2)
#define PTE_NOCACHE (3ULL << 3) /* write-through and cache-disable: strong uncacheable */
#define PTE_LARGE (1ULL << 7)
#define PTE_GLOBAL (1ULL << 8)
#define PTE_NOEXEC (1ULL << 63)
#define PTE_ADDRESS 0x000FFFFFFFFFF000ULL
#define ENTRIES 512
#define KERNEL_HALF 256          /* top-level entries from here on are the kernel's, the same in all spaces */
#define DIRECT_MAP_MIN_SLOTS 4   /* 2 TB: room for device memory above RAM */
#define LARGE_PAGE MB(2)
#define MSR_EFER 0xC0000080
#define EFER_NOEXEC (1u << 11)

extern const uint8_t __text_start[], __text_end[], __rodata_end[], __boot_stack_guard[];

static uint64_t *kernel_pml4;
static bool have_noexec, have_1gb;
static spinlock_t lock;

/* Bytes that one entry of a level maps: 1 is the page table, 4 the top. */
static uint64_t entry_span(unsigned level) {
    return PAGE_SIZE << (9 * (level - 1));
}

static unsigned entry_index(virt_addr_t virt, unsigned level) {
    return (unsigned)(virt / entry_span(level)) % ENTRIES;
}

static uint64_t *table_of(uint64_t entry) {
    return phys_to_virt(entry & PTE_ADDRESS);
}

static uint64_t *current_pml4(void) {
    return phys_to_virt(read_cr3() & PTE_ADDRESS);
}

static uint64_t entry_flags(virt_addr_t virt, uint32_t flags) {
    uint64_t e = PTE_PRESENT;
    e |= flags & MAP_WRITABLE ? PTE_WRITABLE : 0;
    e |= flags & MAP_USER ? PTE_USER : 0;
    e |= flags & MAP_NOCACHE ? PTE_NOCACHE : 0;
    e |= flags & MAP_NOEXEC && have_noexec ? PTE_NOEXEC : 0;
    e |= virt >= ARCH_KERNEL_VBASE ? PTE_GLOBAL : 0;
    return e;
}

static uint64_t *new_table(void) {
    phys_addr_t page = pmm_alloc_page();
    return page ? memset(phys_to_virt(page), 0, PAGE_SIZE) : NULL;
}

/* The table that `entry`, one of level `level`, points to; made, or made from a large page, where it is missing. */
static uint64_t *descend(uint64_t *entry, unsigned level, bool user) {
    if (*entry & PTE_PRESENT && !(*entry & PTE_LARGE)) {
        *entry |= user ? PTE_USER : 0;
        return table_of(*entry);
    }
    uint64_t *table = new_table();
    if (!table)
        return NULL;
    if (*entry & PTE_PRESENT) {
        uint64_t part = level > 2 ? *entry : *entry & ~PTE_LARGE;
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = part + i * entry_span(level - 1);
    }
    /* The lowest level alone decides about writing and execution. */
    *entry = virt_to_phys(table) | PTE_PRESENT | PTE_WRITABLE | (user ? PTE_USER : 0);
    return table;
}

/* The entry of level `level` for an address; NULL without memory for the tables above it. */
static uint64_t *entry_for(uint64_t *pml4, virt_addr_t virt, unsigned level, bool user) {
    uint64_t *table = pml4;
    for (unsigned l = ARCH_PT_LEVELS; table && l > level; l--)
        table = descend(&table[entry_index(virt, l)], l, user);
    return table ? &table[entry_index(virt, level)] : NULL;
}

/* The present entry that maps an address, and its level; NULL when it is not mapped. */
static uint64_t *lookup(uint64_t *pml4, virt_addr_t virt, unsigned *level) {
    uint64_t *table = pml4;
    for (unsigned l = ARCH_PT_LEVELS;; l--) {
        uint64_t *entry = &table[entry_index(virt, l)];
        if (!(*entry & PTE_PRESENT))
            return NULL;
        if (l == 1 || *entry & PTE_LARGE) {
            *level = l;
            return entry;
        }
        table = table_of(*entry);
    }
}

int arch_map_page(virt_addr_t virt, phys_addr_t phys, uint32_t flags) {
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = entry_for(current_pml4(), virt, 1, flags & MAP_USER);
    if (entry) {
        bool replaced = *entry & PTE_PRESENT;
        *entry = (phys & PTE_ADDRESS) | entry_flags(virt, flags);
        if (replaced)
            arch_flush_tlb(virt);
    }
    spin_unlock(&lock, irq);
    return entry ? 0 : -1;
}

int arch_unmap_page(virt_addr_t virt) {
    unsigned level;
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = lookup(current_pml4(), virt, &level);
    if (entry && level > 1)
        entry = entry_for(current_pml4(), virt, 1, false);
    if (entry) {
        *entry = 0;
        arch_flush_tlb(virt);
    }
    spin_unlock(&lock, irq);
    return entry ? 0 : -1;
}

static int protect(uint64_t *pml4, virt_addr_t virt, virt_addr_t end, uint32_t flags) {
    while (virt < end) {
        unsigned level;
        uint64_t *entry = lookup(pml4, virt, &level);
        if (!entry)
            return -1;
        if (virt % entry_span(level) || end - virt < entry_span(level)) { /* a part of a large page: split it */
            if (!descend(entry, level, flags & MAP_USER))
                return -1;
            continue;
        }
        *entry = (*entry & (PTE_ADDRESS | (level > 1 ? PTE_LARGE : 0))) | entry_flags(virt, flags);
        arch_flush_tlb(virt);
        virt += entry_span(level);
    }
    return 0;
}

int arch_protect(virt_addr_t virt, uint64_t bytes, uint32_t flags) {
    uint64_t irq = spin_lock(&lock);
    int status = protect(current_pml4(), virt, virt + bytes, flags);
    spin_unlock(&lock, irq);
    return status;
}

bool arch_get_physical(virt_addr_t virt, phys_addr_t *out) {
    unsigned level;
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = lookup(current_pml4(), virt, &level);
    if (entry)
        *out = (*entry & PTE_ADDRESS & ~(entry_span(level) - 1)) + virt % entry_span(level);
    spin_unlock(&lock, irq);
    return entry != NULL;
}

void arch_flush_tlb(virt_addr_t virt) {
    __asm__ volatile("invlpg (%0)" : : "r"(virt) : "memory");
}

void arch_flush_tlb_all(void) {
    uint64_t cr4 = read_cr4();
    write_cr4(cr4 & ~(1ULL << 7)); /* global pages stay over a load of CR3, but not over this */
    write_cr4(cr4);
}

/* --- address spaces: an arch_address_space_t is its top-level table --- */

arch_address_space_t *arch_create_address_space(void) {
    uint64_t *pml4 = new_table();
    if (pml4)
        memcpy(pml4 + KERNEL_HALF, kernel_pml4 + KERNEL_HALF, (ENTRIES - KERNEL_HALF) * sizeof *pml4);
    return (arch_address_space_t *)pml4;
}

void arch_switch_address_space(arch_address_space_t *as) {
    write_cr3(virt_to_phys(as ? (void *)as : kernel_pml4));
}

static void free_tables(uint64_t *table, unsigned level, unsigned entries) {
    for (unsigned i = 0; level > 1 && i < entries; i++)
        if (table[i] & PTE_PRESENT && !(table[i] & PTE_LARGE))
            free_tables(table_of(table[i]), level - 1, ENTRIES);
    pmm_free_page(virt_to_phys(table));
}

void arch_destroy_address_space(arch_address_space_t *as) {
    if (current_pml4() == (uint64_t *)as)
        arch_switch_address_space(NULL);
    free_tables((uint64_t *)as, ARCH_PT_LEVELS, KERNEL_HALF);
}

/* --- the kernel's tables --- */

static void need(bool ok) {
    if (!ok)
        panic("mmu: no memory for the kernel's page tables");
}

/* Maps physical memory, from and to multiples of 2 MB, at its fixed address with the largest pages that fit. */
static void map_direct(phys_addr_t phys, phys_addr_t end) {
    while (phys < end) {
        unsigned level = have_1gb ? 3 : 2;
        virt_addr_t virt = (virt_addr_t)phys_to_virt(phys);
        uint64_t *entry;
        for (;; level--) {
            if (phys % entry_span(level) || end - phys < entry_span(level))
                continue;
            need((entry = entry_for(kernel_pml4, virt, level, false)));
            if (level == 2 || !(*entry & PTE_PRESENT) || *entry & PTE_LARGE)
                break; /* else a part of it is mapped already in smaller pages */
        }
        if (!(*entry & PTE_PRESENT))
            *entry = phys | entry_flags(virt, MAP_WRITABLE | MAP_NOEXEC) | PTE_LARGE;
        phys += entry_span(level);
    }
}

static void protect_image(const uint8_t *from, const uint8_t *to, uint32_t flags) {
    need(protect(kernel_pml4, (virt_addr_t)from, (virt_addr_t)to, flags) == 0);
}

/* Memory of a device that arch_io_*() touches for the first time. */
static void *map_device(phys_addr_t phys) {
    phys_addr_t known;
    virt_addr_t virt = (virt_addr_t)phys_to_virt(phys);
    if (!arch_get_physical(virt, &known) && arch_map_page(ALIGN_DOWN(virt, PAGE_SIZE), ALIGN_DOWN(phys, PAGE_SIZE),
                                                          MAP_WRITABLE | MAP_NOCACHE | MAP_NOEXEC) != 0)
        panic("mmu: no memory to map the device at 0x%lx", phys);
    return (void *)virt;
}

void arch_mmu_init(void) {
    uint32_t a, b, c, d;
    cpuid(0x80000001, &a, &b, &c, &d);
    have_1gb = d & (1u << 26);
    have_noexec = rdmsr(MSR_EFER) & EFER_NOEXEC;

    kernel_pml4 = new_table();
    need(kernel_pml4);
    /* The kernel's top-level entries are copied into every address space, so those that are used later exist now. */
    for (unsigned i = 0; i < DIRECT_MAP_MIN_SLOTS; i++)
        need(descend(&kernel_pml4[KERNEL_HALF + i], ARCH_PT_LEVELS, false));
    need(descend(&kernel_pml4[entry_index(ARCH_VMM_BASE, ARCH_PT_LEVELS)], ARCH_PT_LEVELS, false));

    map_direct(0, LARGE_PAGE); /* the first megabyte: firmware data and video memory */
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        const struct memory_range *r = &boot_info.memory[i];
        if (r->type == MEM_USABLE || r->type == MEM_ACPI_RECLAIM || r->type == MEM_ACPI_NVS)
            map_direct(ALIGN_DOWN(r->base, LARGE_PAGE), ALIGN_UP(r->base + r->length, LARGE_PAGE));
    }
    protect_image(__text_start, __text_end, 0);
    protect_image(__text_end, __rodata_end, MAP_NOEXEC);
    write_cr3(virt_to_phys(kernel_pml4));
    arch_flush_tlb_all();
    arch_unmap_page((virt_addr_t)__boot_stack_guard);
    mmio_map_hook = map_device;
}
