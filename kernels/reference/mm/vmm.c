/* Kernel virtual memory: areas of the region at ARCH_VMM_BASE, in the order of their addresses, each between two
 * pages that stay unmapped. Freed addresses are used again, first fit. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sync.h>
#include "mm_internal.h"

struct area {
    virt_addr_t base; /* first usable page: the guard page is below */
    uint64_t pages;   /* usable pages; another guard page follows */
    bool device;      /* the pages behind it are not the allocator's */
    struct area *next;
};

extern const uint8_t __boot_stack_guard[];

static struct area *areas;      /* by address */
static struct area *spare;      /* unused descriptors */
static spinlock_t lock;

/* Descriptors come a page at a time and are never given back; kmalloc() is not there yet. */
static struct area *new_area(void) {
    if (!spare) {
        phys_addr_t page = pmm_alloc_page();
        if (!page)
            return NULL;
        struct area *a = phys_to_virt(page);
        for (unsigned i = 0; i < PAGE_SIZE / sizeof *a; i++) {
            a[i].next = spare;
            spare = &a[i];
        }
    }
    struct area *a = spare;
    spare = a->next;
    return a;
}

/* Takes addresses for `pages` pages and their guards out of the region. */
static struct area *reserve(uint64_t pages, bool device) {
    uint64_t irq = spin_lock(&lock);
    struct area *a = new_area(), **link = &areas;
    virt_addr_t base = ARCH_VMM_BASE + PAGE_SIZE;
    for (; *link && base + (pages + 1) * PAGE_SIZE > (*link)->base; link = &(*link)->next)
        base = (*link)->base + ((*link)->pages + 1) * PAGE_SIZE; /* neighbours share the guard page between them */
    if (a && (pages > ARCH_VMM_SIZE / PAGE_SIZE || base + (pages + 1) * PAGE_SIZE > ARCH_VMM_BASE + ARCH_VMM_SIZE)) {
        a->next = spare;
        spare = a;
        a = NULL;
    }
    if (a) {
        *a = (struct area){base, pages, device, *link};
        *link = a;
    }
    spin_unlock(&lock, irq);
    return a;
}

static void release(struct area *a) {
    uint64_t irq = spin_lock(&lock);
    struct area **link = &areas;
    while (*link != a)
        link = &(*link)->next;
    *link = a->next;
    a->next = spare;
    spare = a;
    spin_unlock(&lock, irq);
}

static void unmap(const struct area *a, uint64_t pages) {
    for (uint64_t i = 0; i < pages; i++) {
        phys_addr_t page;
        virt_addr_t virt = a->base + i * PAGE_SIZE;
        bool mapped = arch_get_physical(virt, &page);
        arch_unmap_page(virt);
        if (mapped && !a->device)
            pmm_free_page(page);
    }
}

void *vmm_alloc(size_t bytes, uint32_t flags) {
    uint64_t pages = bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
    if (pages == 0 || pages > pmm_free_page_count())
        return NULL;
    struct area *a = reserve(pages, false);
    for (uint64_t i = 0; a && i < pages; i++) {
        phys_addr_t page = pmm_alloc_page();
        if (page && arch_map_page(a->base + i * PAGE_SIZE, page, flags | MAP_PRESENT) == 0)
            continue;
        if (page)
            pmm_free_page(page);
        unmap(a, i);
        release(a);
        return NULL;
    }
    return a ? (void *)a->base : NULL;
}

void vmm_free(void *base) {
    if (!base)
        return;
    uint64_t irq = spin_lock(&lock);
    struct area *a = areas;
    while (a && (a->base != (virt_addr_t)base || a->device))
        a = a->next;
    spin_unlock(&lock, irq);
    if (!a) {
        mm_fault("vmm: free of an address that is not allocated", (uint64_t)base);
        return;
    }
    unmap(a, a->pages);
    release(a);
}

void *vmm_map_physical(phys_addr_t phys, size_t bytes, uint32_t flags) {
    phys_addr_t first = ALIGN_DOWN(phys, PAGE_SIZE), end = ALIGN_UP(phys + bytes, PAGE_SIZE);
    if (bytes == 0 || end <= first)
        return NULL;
    struct area *a = reserve((end - first) / PAGE_SIZE, true);
    if (!a)
        return NULL;
    for (uint64_t i = 0; i < a->pages; i++) {
        if (arch_map_page(a->base + i * PAGE_SIZE, first + i * PAGE_SIZE, flags | MAP_PRESENT) != 0) {
            unmap(a, i);
            release(a);
            return NULL;
        }
    }
    return (uint8_t *)a->base + (phys - first);
}

/* For the last words of a page fault; takes no lock. */
static const char *describe(virt_addr_t address) {
    virt_addr_t page = ALIGN_DOWN(address, PAGE_SIZE);
    if (page == (virt_addr_t)__boot_stack_guard)
        return "guard page of the boot stack: stack overflow";
    if (address < ARCH_VMM_BASE || address >= ARCH_VMM_BASE + ARCH_VMM_SIZE)
        return NULL;
    for (const struct area *a = areas; a; a = a->next) {
        if (page == a->base - PAGE_SIZE || page == a->base + a->pages * PAGE_SIZE)
            return "guard page of an allocation: stack overflow or a buffer's overrun";
    }
    return "kernel virtual memory that is not allocated, or was freed";
}

static void vmm_init(void) {
    arch_mmu_init();
    fault_describe_hook = describe;
    log_info("MM", "VMM initialized: kernel text read-only, data no-execute");
}
INITCALL(INIT_VMM, vmm_init);
