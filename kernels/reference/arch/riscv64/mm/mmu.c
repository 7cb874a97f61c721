/* Sv39 page tables: the kernel's own, mapped large, and small pages on demand.
 *
 * The kernel's half of every address space is the same. It has one master, the kernel's own top-level table, which all
 * changes go to; a table of another address space copies it when it is switched to and after each change while it is
 * the current one. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/mm.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "../cpu.h"
#include "../mmio.h"

#define PTE_VALID (1ULL << 0)
#define PTE_READ (1ULL << 1)
#define PTE_WRITE (1ULL << 2)
#define PTE_EXEC (1ULL << 3)
#define PTE_USER (1ULL << 4)
#define PTE_GLOBAL (1ULL << 5)
#define PTE_ACCESSED (1ULL << 6)
#define PTE_DIRTY (1ULL << 7)
#define PTE_LEAF (PTE_READ | PTE_WRITE | PTE_EXEC) /* any of them; else it points to a table */
#define PTE_FRAME 0x003FFFFFFFFFFC00ULL
#define ENTRIES 512
#define KERNEL_HALF 256 /* top-level entries from here on are the kernel's */
#define LARGE_PAGE MB(2)

extern const uint8_t __text_start[], __text_end[], __rodata_end[], __boot_stack_guard[];

static uint64_t *kernel_root;
static spinlock_t lock;

/* Bytes that one entry of a level maps: 1 is the page table, 3 the top. */
static uint64_t entry_span(unsigned level) {
    return PAGE_SIZE << (9 * (level - 1));
}

static unsigned entry_index(virt_addr_t virt, unsigned level) {
    return (unsigned)(virt / entry_span(level)) % ENTRIES;
}

static bool is_leaf(uint64_t entry) {
    return entry & PTE_LEAF;
}

/* Frame numbers begin at bit 10 instead of 12. */
static uint64_t frame_bits(phys_addr_t phys) {
    return phys >> 2 & PTE_FRAME;
}

static phys_addr_t frame_of(uint64_t entry) {
    return (entry & PTE_FRAME) << 2;
}

static uint64_t *table_of(uint64_t entry) {
    return phys_to_virt(frame_of(entry));
}

static uint64_t *current_root(void) {
    return phys_to_virt((csr_read(satp) & SATP_PPN) * PAGE_SIZE);
}

static uint64_t *root_for(virt_addr_t virt) {
    return virt >= ARCH_KERNEL_VBASE ? kernel_root : current_root();
}

static void copy_kernel_half(uint64_t *root) {
    if (root != kernel_root)
        memcpy(root + KERNEL_HALF, kernel_root + KERNEL_HALF, (ENTRIES - KERNEL_HALF) * sizeof *root);
}

/* Memory that is not cached has no flag here: what is a device is a property of the address. */
static uint64_t entry_flags(virt_addr_t virt, uint32_t flags) {
    uint64_t e = PTE_VALID | PTE_READ | PTE_ACCESSED | PTE_DIRTY; /* hardware need not set these two by itself */
    e |= flags & MAP_WRITABLE ? PTE_WRITE : 0;
    e |= flags & MAP_USER ? PTE_USER : 0;
    e |= flags & MAP_NOEXEC ? 0 : PTE_EXEC;
    e |= virt >= ARCH_KERNEL_VBASE ? PTE_GLOBAL : 0;
    return e;
}

static uint64_t *new_table(void) {
    phys_addr_t page = pmm_alloc_page();
    return page ? memset(phys_to_virt(page), 0, PAGE_SIZE) : NULL;
}

/* The table that `entry`, one of level `level`, points to; made, or made from a large page, where it is missing. */
static uint64_t *descend(uint64_t *entry, unsigned level) {
    if (*entry & PTE_VALID && !is_leaf(*entry))
        return table_of(*entry);
    uint64_t *table = new_table();
    if (!table)
        return NULL;
    if (*entry & PTE_VALID)
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = *entry + i * frame_bits(entry_span(level - 1));
    *entry = frame_bits(virt_to_phys(table)) | PTE_VALID;
    return table;
}

/* The entry of level `level` for an address; NULL without memory for the tables above it. */
static uint64_t *entry_for(uint64_t *root, virt_addr_t virt, unsigned level) {
    uint64_t *table = root;
    for (unsigned l = ARCH_PT_LEVELS; table && l > level; l--)
        table = descend(&table[entry_index(virt, l)], l);
    return table ? &table[entry_index(virt, level)] : NULL;
}

/* The valid entry that maps an address, and its level; NULL when it is not mapped. */
static uint64_t *lookup(uint64_t *root, virt_addr_t virt, unsigned *level) {
    uint64_t *table = root;
    for (unsigned l = ARCH_PT_LEVELS;; l--) {
        uint64_t *entry = &table[entry_index(virt, l)];
        if (!(*entry & PTE_VALID))
            return NULL;
        if (l == 1 || is_leaf(*entry)) {
            *level = l;
            return entry;
        }
        table = table_of(*entry);
    }
}

/* Addresses whose upper bits do not repeat bit 38 are nobody's. */
static bool is_canonical(virt_addr_t virt) {
    return (uint64_t)((int64_t)(virt << 25) >> 25) == virt;
}

int arch_map_page(virt_addr_t virt, phys_addr_t phys, uint32_t flags) {
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = entry_for(root_for(virt), virt, 1);
    if (entry)
        *entry = frame_bits(phys) | entry_flags(virt, flags);
    copy_kernel_half(current_root());
    arch_flush_tlb(virt); /* that nothing was there may be remembered too */
    spin_unlock(&lock, irq);
    return entry ? 0 : -1;
}

int arch_unmap_page(virt_addr_t virt) {
    unsigned level;
    uint64_t irq = spin_lock(&lock);
    uint64_t *root = root_for(virt), *entry = lookup(root, virt, &level);
    if (entry && level > 1)
        entry = entry_for(root, virt, 1);
    if (entry) {
        *entry = 0;
        copy_kernel_half(current_root());
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
            if (!descend(entry, level))
                return -1;
            continue;
        }
        *entry = (*entry & PTE_FRAME) | entry_flags(virt, flags);
        arch_flush_tlb(virt);
        virt += entry_span(level);
    }
    return 0;
}

int arch_protect(virt_addr_t virt, uint64_t bytes, uint32_t flags) {
    uint64_t irq = spin_lock(&lock);
    int status = protect(root_for(virt), virt, virt + bytes, flags);
    copy_kernel_half(current_root());
    spin_unlock(&lock, irq);
    return status;
}

bool arch_get_physical(virt_addr_t virt, phys_addr_t *out) {
    unsigned level;
    uint64_t irq = spin_lock(&lock);
    uint64_t *entry = is_canonical(virt) ? lookup(current_root(), virt, &level) : NULL;
    if (entry)
        *out = frame_of(*entry) + virt % entry_span(level);
    spin_unlock(&lock, irq);
    return entry != NULL;
}

void arch_flush_tlb(virt_addr_t virt) {
    __asm__ volatile("sfence.vma %0, zero" : : "r"(virt) : "memory");
}

void arch_flush_tlb_all(void) {
    __asm__ volatile("sfence.vma" : : : "memory");
}

/* --- address spaces: an arch_address_space_t is its top-level table --- */

static void load_root(uint64_t *root) {
    csr_write(satp, SATP_SV39 | virt_to_phys(root) / PAGE_SIZE);
    arch_flush_tlb_all();
}

arch_address_space_t *arch_create_address_space(void) {
    return (arch_address_space_t *)new_table();
}

void arch_switch_address_space(arch_address_space_t *as) {
    uint64_t *root = as ? (uint64_t *)as : kernel_root;
    uint64_t irq = spin_lock(&lock);
    copy_kernel_half(root);
    load_root(root);
    spin_unlock(&lock, irq);
}

static void free_tables(uint64_t *table, unsigned level, unsigned entries) {
    for (unsigned i = 0; level > 1 && i < entries; i++)
        if (table[i] & PTE_VALID && !is_leaf(table[i]))
            free_tables(table_of(table[i]), level - 1, ENTRIES);
    pmm_free_page(virt_to_phys(table));
}

void arch_destroy_address_space(arch_address_space_t *as) {
    if (current_root() == (uint64_t *)as)
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
        virt_addr_t virt = (virt_addr_t)phys_to_virt(phys);
        uint64_t *entry;
        unsigned level = ARCH_PT_LEVELS;
        for (;; level--) {
            if (phys % entry_span(level) || end - phys < entry_span(level))
                continue;
            need((entry = entry_for(kernel_root, virt, level)));
            if (level == 2 || !(*entry & PTE_VALID) || is_leaf(*entry))
                break; /* else a part of it is mapped already in smaller pages */
        }
        if (!(*entry & PTE_VALID))
            *entry = frame_bits(phys) | entry_flags(virt, MAP_WRITABLE | MAP_NOEXEC);
        phys += entry_span(level);
    }
}

static void protect_image(const uint8_t *from, const uint8_t *to, uint32_t flags) {
    need(protect(kernel_root, (virt_addr_t)from, (virt_addr_t)to, flags) == 0);
}

/* Memory of a device that arch_io_*() touches for the first time. */
static void map_device(phys_addr_t page) {
    phys_addr_t known;
    virt_addr_t virt = (virt_addr_t)phys_to_virt(page);
    if (page >= ARCH_DIRECT_MAP_SIZE)
        panic("mmu: the device at 0x%lx is out of reach", page);
    if (!arch_get_physical(virt, &known) && arch_map_page(virt, page, MAP_WRITABLE | MAP_NOCACHE | MAP_NOEXEC) != 0)
        panic("mmu: no memory to map the device at 0x%lx", page);
}

void arch_mmu_init(void) {
    kernel_root = new_table();
    need(kernel_root);
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        const struct memory_range *r = &boot_info.memory[i];
        if (r->type == MEM_USABLE)
            map_direct(ALIGN_DOWN(r->base, LARGE_PAGE), ALIGN_UP(r->base + r->length, LARGE_PAGE));
    }
    protect_image(__text_start, __text_end, 0);
    protect_image(__text_end, __rodata_end, MAP_NOEXEC);
    load_root(kernel_root);
    arch_unmap_page((virt_addr_t)__boot_stack_guard);
    mmio_map_hook = map_device;
}
