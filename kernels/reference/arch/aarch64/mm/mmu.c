/* Four-level page tables, one tree for the kernel's half of all addresses and one for the user's. The kernel's own is
 * mapped large, and in small pages on demand. An entry that is in use is never changed into another one: the processor
 * may hold both (break before make). */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/mm.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "../cpu.h"
#include "../tables.h"

#define PTE_ADDRESS 0x0000FFFFFFFFF000ULL
#define PTE_KIND 3ULL
#define ENTRIES 512
#define LARGE_PAGE MB(2)
#define IN_LOWER_HALF(virt) (((virt) >> 48) == 0)
#define IN_UPPER_HALF(virt) (((virt) >> 48) == 0xFFFF)

#define TLBI_ADDRESS(virt) ((virt) / PAGE_SIZE & 0xFFFFFFFFFFFULL)

extern const uint8_t __text_start[], __text_end[], __rodata_end[], __kernel_end[], __boot_stack_guard[];
static uint8_t window[PAGE_SIZE] __attribute__((aligned(4096)));

static uint64_t *kernel_table;
static uint64_t *window_entry; /* what maps the window; NULL before the kernel's tables are in use */
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

static bool is_table(uint64_t entry, unsigned level) {
    return level > 1 && (entry & PTE_KIND) == PTE_TABLE;
}

/* The tree that an address belongs to; NULL for one between the halves, which none can map. */
static uint64_t *root_of(virt_addr_t virt) {
    if (IN_UPPER_HALF(virt))
        return kernel_table;
    return IN_LOWER_HALF(virt) ? phys_to_virt(READ_SYSREG("ttbr0_el1") & PTE_ADDRESS) : NULL;
}

static uint64_t entry_flags(virt_addr_t virt, unsigned level, uint32_t flags) {
    uint64_t e = (level == 1 ? PTE_TABLE : PTE_BLOCK) | PTE_ACCESSED;
    e |= flags & MAP_NOCACHE ? PTE_DEVICE : PTE_NORMAL | PTE_INNER_SHAREABLE;
    e |= flags & MAP_WRITABLE ? 0 : PTE_READONLY;
    e |= flags & MAP_USER ? PTE_USER | PTE_KERNEL_NOEXEC : PTE_USER_NOEXEC;
    e |= flags & MAP_NOEXEC ? PTE_KERNEL_NOEXEC | PTE_USER_NOEXEC : 0;
    e |= IN_LOWER_HALF(virt) ? PTE_NOT_GLOBAL : 0;
    return e;
}

/* Table walks see the new entry, and what comes next in the program finds it. */
static void set_entry(uint64_t *entry, uint64_t value) {
    *(volatile uint64_t *)entry = value;
    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

/* Gives an entry that may be in use another value. In between, what it maps is gone, perhaps the table that it stands in
 * among it: that is therefore reached through a window of its own. Code, stacks and the image's data are mapped in pages
 * that nobody splits. */
static void change_entry(uint64_t *entry, uint64_t value, virt_addr_t virt) {
    if (!window_entry || !(*entry & PTE_VALID)) {
        set_entry(entry, value);
        return;
    }
    set_entry(window_entry, (virt_to_phys(entry) & PTE_ADDRESS) | entry_flags((virt_addr_t)window, 1, MAP_WRITABLE | MAP_NOEXEC));
    arch_flush_tlb((virt_addr_t)window);
    __asm__ volatile("str xzr, [%0]\n\tdsb ishst\n\ttlbi vaae1is, %1\n\tdsb ish\n\tisb\n\t"
                     "str %2, [%0]\n\tdsb ishst\n\tisb"
                     :
                     : "r"(window + (uint64_t)entry % PAGE_SIZE), "r"(TLBI_ADDRESS(virt)), "r"(value)
                     : "memory");
}

static uint64_t *new_table(void) {
    phys_addr_t page = pmm_alloc_page();
    return page ? memset(phys_to_virt(page), 0, PAGE_SIZE) : NULL;
}

/* The table that `entry`, one of level `level`, points to; made, or made from a large page, where it is missing. */
static uint64_t *descend(uint64_t *entry, unsigned level, virt_addr_t virt) {
    if (is_table(*entry, level))
        return table_of(*entry);
    uint64_t old = *entry, *table = new_table();
    if (!table)
        return NULL;
    if (old & PTE_VALID) {
        uint64_t part = level - 1 == 1 ? old | PTE_TABLE : old;
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = part + i * entry_span(level - 1);
    }
    change_entry(entry, virt_to_phys(table) | PTE_TABLE, virt);
    return table;
}

/* The entry of level `level` for an address; NULL without memory for the tables above it. */
static uint64_t *entry_for(uint64_t *root, virt_addr_t virt, unsigned level) {
    uint64_t *table = root;
    for (unsigned l = ARCH_PT_LEVELS; table && l > level; l--)
        table = descend(&table[entry_index(virt, l)], l, virt);
    return table ? &table[entry_index(virt, level)] : NULL;
}

/* The valid entry that maps an address, and its level; NULL when it is not mapped. */
static uint64_t *lookup(uint64_t *root, virt_addr_t virt, unsigned *level) {
    uint64_t *table = root;
    for (unsigned l = ARCH_PT_LEVELS; table; l--) {
        uint64_t *entry = &table[entry_index(virt, l)];
        if (!(*entry & PTE_VALID))
            return NULL;
        if (!is_table(*entry, l)) {
            *level = l;
            return entry;
        }
        table = table_of(*entry);
    }
    return NULL;
}

int arch_map_page(virt_addr_t virt, phys_addr_t phys, uint32_t flags) {
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = entry_for(root_of(virt), virt, 1);
    if (entry)
        change_entry(entry, (phys & PTE_ADDRESS) | entry_flags(virt, 1, flags), virt);
    spin_unlock(&lock, irq);
    return entry ? 0 : -1;
}

int arch_unmap_page(virt_addr_t virt) {
    unsigned level;
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = lookup(root_of(virt), virt, &level);
    if (entry && level > 1)
        entry = entry_for(root_of(virt), virt, 1);
    if (entry) {
        set_entry(entry, 0);
        arch_flush_tlb(virt);
    }
    spin_unlock(&lock, irq);
    return entry ? 0 : -1;
}

static int protect(uint64_t *root, virt_addr_t virt, virt_addr_t end, uint32_t flags) {
    while (virt < end) {
        unsigned level;
        uint64_t *entry = lookup(root, virt, &level);
        if (!entry)
            return -1;
        if (virt % entry_span(level) || end - virt < entry_span(level)) { /* a part of a large page: split it */
            if (!descend(entry, level, virt))
                return -1;
            continue;
        }
        change_entry(entry, (*entry & PTE_ADDRESS) | entry_flags(virt, level, flags), virt);
        virt += entry_span(level);
    }
    return 0;
}

int arch_protect(virt_addr_t virt, uint64_t bytes, uint32_t flags) {
    uint64_t irq = spin_lock(&lock);
    int status = protect(root_of(virt), virt, virt + bytes, flags);
    spin_unlock(&lock, irq);
    return status;
}

bool arch_get_physical(virt_addr_t virt, phys_addr_t *out) {
    unsigned level;
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = lookup(root_of(virt), virt, &level);
    if (entry)
        *out = (*entry & PTE_ADDRESS & ~(entry_span(level) - 1)) + virt % entry_span(level);
    spin_unlock(&lock, irq);
    return entry != NULL;
}

void arch_flush_tlb(virt_addr_t virt) {
    __asm__ volatile("dsb ishst\n\ttlbi vaae1is, %0\n\tdsb ish\n\tisb" : : "r"(TLBI_ADDRESS(virt)) : "memory");
}

void arch_flush_tlb_all(void) {
    arch_flush_tlb_everything();
}

/* --- address spaces: an arch_address_space_t is the top-level table of the user's half --- */

arch_address_space_t *arch_create_address_space(void) {
    return (arch_address_space_t *)new_table();
}

void arch_switch_address_space(arch_address_space_t *as) {
    WRITE_SYSREG("ttbr0_el1", virt_to_phys(as ? (void *)as : no_user_table));
    isb();
    __asm__ volatile("tlbi aside1, xzr\n\tdsb nsh\n\tisb" : : : "memory"); /* what is global stays */
}

static void free_tables(uint64_t *table, unsigned level) {
    for (unsigned i = 0; level > 1 && i < ENTRIES; i++)
        if (is_table(table[i], level))
            free_tables(table_of(table[i]), level - 1);
    pmm_free_page(virt_to_phys(table));
}

void arch_destroy_address_space(arch_address_space_t *as) {
    if (root_of(ARCH_USER_VBASE) == (uint64_t *)as)
        arch_switch_address_space(NULL);
    free_tables((uint64_t *)as, ARCH_PT_LEVELS);
}

/* --- the kernel's tables --- */

static void need(bool ok) {
    if (!ok)
        panic("mmu: no memory for the kernel's page tables");
}

/* Maps physical memory at its fixed address with the largest pages that fit. */
static void map_direct(phys_addr_t phys, phys_addr_t end) {
    while (phys < end) {
        virt_addr_t virt = (virt_addr_t)phys_to_virt(phys);
        unsigned level = 3;
        while (level > 1 && (phys % entry_span(level) || end - phys < entry_span(level)))
            level--;
        uint64_t *entry = entry_for(kernel_table, virt, level);
        need(entry);
        if (is_table(*entry, level)) { /* a part of it is mapped already in smaller pages */
            for (phys_addr_t part = phys; part < phys + entry_span(level); part += entry_span(level - 1))
                map_direct(part, part + entry_span(level - 1));
        } else if (!(*entry & PTE_VALID)) {
            *entry = phys | entry_flags(virt, level, MAP_WRITABLE | MAP_NOEXEC);
        }
        phys += entry_span(level);
    }
}

static uint64_t *page_entry(const void *page) {
    uint64_t *entry = entry_for(kernel_table, (virt_addr_t)page, 1);
    need(entry);
    return entry;
}

static void protect_image(const uint8_t *from, const uint8_t *to, uint32_t flags) {
    need(protect(kernel_table, (virt_addr_t)from, (virt_addr_t)to, flags) == 0);
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
    kernel_table = new_table();
    need(kernel_table);
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        const struct memory_range *r = &boot_info.memory[i];
        if (r->type == MEM_USABLE)
            map_direct(ALIGN_UP(r->base, PAGE_SIZE), ALIGN_DOWN(r->base + r->length, PAGE_SIZE));
    }
    map_direct(ALIGN_DOWN(boot_info.firmware_table, PAGE_SIZE), /* in memory that may be marked as reserved only */
               ALIGN_UP(boot_info.firmware_table + device_tree()->size, PAGE_SIZE));
    protect_image(__text_start, __text_end, 0);
    protect_image(__text_end, __rodata_end, MAP_NOEXEC);
    for (const uint8_t *page = __rodata_end; page < __kernel_end; page += PAGE_SIZE)
        page_entry(page); /* splits what is large */
    *page_entry(__boot_stack_guard) = 0;
    WRITE_SYSREG("ttbr1_el1", virt_to_phys(kernel_table));
    isb();
    arch_flush_tlb_all();
    window_entry = page_entry(window);
    mmio_use(map_device);
}
