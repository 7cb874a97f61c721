/* Physical page frames: one bit a frame, set when it is in use or is no memory at all. Whole words are marked and
 * skipped at once, so that neither boot nor a search touches memory frame by frame. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sync.h>
#include "mm_internal.h"

#define WORD_BITS 64
#define LOW_MEMORY MB(1) /* firmware data, video memory, start-up code of other processors: never given out */

extern const uint8_t __kernel_end[];

static uint64_t *bitmap;
static uint64_t page_limit; /* frames [0, page_limit) have a bit */
static uint64_t first_free; /* no frame below is free */
static uint64_t free_pages, total_pages;
static spinlock_t lock;
void (*mm_fault_hook)(const char *what, uint64_t address);

void mm_fault(const char *what, uint64_t address) {
    if (!mm_fault_hook)
        panic("%s: 0x%lx", what, address);
    mm_fault_hook(what, address);
}

static uint64_t count_ones(uint64_t w) {
    uint64_t n = 0;
    for (; w; w &= w - 1)
        n++;
    return n;
}

/* Sets or clears the bits of [from, to); returns how many changed. */
static uint64_t mark(uint64_t from, uint64_t to, bool used) {
    uint64_t changed = 0;
    while (from < to) {
        uint64_t word = from / WORD_BITS, bit = from % WORD_BITS;
        uint64_t n = to - from < WORD_BITS - bit ? to - from : WORD_BITS - bit;
        uint64_t mask = (n == WORD_BITS ? UINT64_MAX : (1ULL << n) - 1) << bit;
        uint64_t differ = (used ? ~bitmap[word] : bitmap[word]) & mask;
        changed += differ == UINT64_MAX ? WORD_BITS : count_ones(differ);
        bitmap[word] ^= differ;
        from += n;
    }
    return changed;
}

/* First frame of [from, to) whose bit is `used`, or `to`. */
static uint64_t find(uint64_t from, uint64_t to, bool used) {
    while (from < to) {
        uint64_t w = bitmap[from / WORD_BITS];
        w = (used ? w : ~w) >> (from % WORD_BITS);
        if (w) {
            from += (uint64_t)__builtin_ctzll(w);
            return from < to ? from : to;
        }
        from = (from / WORD_BITS + 1) * WORD_BITS;
    }
    return to;
}

phys_addr_t pmm_alloc_aligned(size_t count, size_t align_pages) {
    if (count == 0 || align_pages == 0)
        return 0;
    uint64_t irq = spin_lock(&lock);
    uint64_t first = first_free = find(first_free, page_limit, false);
    for (;;) {
        first = ALIGN_UP(find(first, page_limit, false), align_pages);
        if (first >= page_limit || count > page_limit - first) {
            first = 0; /* frame 0 is never free: it stands for "none" */
            break;
        }
        uint64_t used = find(first, first + count, true);
        if (used == first + count) {
            free_pages -= mark(first, first + count, true);
            break;
        }
        first = used;
    }
    spin_unlock(&lock, irq);
    return first * PAGE_SIZE;
}

phys_addr_t pmm_alloc_pages(size_t count) {
    return pmm_alloc_aligned(count, 1);
}

phys_addr_t pmm_alloc_page(void) {
    return pmm_alloc_aligned(1, 1);
}

void pmm_free_pages(phys_addr_t base, size_t count) {
    uint64_t first = base / PAGE_SIZE;
    if (base % PAGE_SIZE || first >= page_limit || count > page_limit - first || base < LOW_MEMORY) {
        mm_fault("pmm: free of an address that is no page of memory", base);
        return;
    }
    uint64_t irq = spin_lock(&lock);
    uint64_t already_free = find(first, first + count, false);
    if (already_free == first + count) {
        free_pages += mark(first, first + count, false);
        if (first < first_free)
            first_free = first;
    }
    spin_unlock(&lock, irq);
    if (already_free != first + count)
        mm_fault("pmm: double free of page", already_free * PAGE_SIZE);
}

void pmm_free_page(phys_addr_t page) {
    pmm_free_pages(page, 1);
}

uint64_t pmm_total_pages(void) {
    return total_pages;
}

uint64_t pmm_free_page_count(void) {
    return free_pages;
}

/* --- start-up --- */

static phys_addr_t range_end(const struct memory_range *r) {
    return r->base + r->length;
}

static phys_addr_t kernel_end(void) {
    return virt_to_phys(__kernel_end);
}

/* If [base, base+bytes) touches something that boot has put into memory, the end of that thing, else 0. */
static phys_addr_t in_the_way(phys_addr_t base, uint64_t bytes) {
    if (base < kernel_end())
        return kernel_end();
    for (uint32_t i = 0; i < boot_info.module_count; i++)
        if (base < boot_info.modules[i].end && base + bytes > boot_info.modules[i].start)
            return boot_info.modules[i].end;
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        const struct memory_range *r = &boot_info.memory[i];
        if (r->type != MEM_USABLE && base < range_end(r) && base + bytes > r->base)
            return range_end(r);
    }
    return 0;
}

/* A place for the bitmap in memory that is mapped already. */
static phys_addr_t place_bitmap(uint64_t bytes) {
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        const struct memory_range *r = &boot_info.memory[i];
        phys_addr_t end = range_end(r) < ARCH_BOOT_MAPPED ? range_end(r) : ARCH_BOOT_MAPPED, blocked;
        if (r->type != MEM_USABLE)
            continue;
        phys_addr_t base = ALIGN_UP(r->base, PAGE_SIZE);
        while (base < end && bytes <= end - base) {
            if (!(blocked = in_the_way(base, bytes)))
                return base;
            base = ALIGN_UP(blocked, PAGE_SIZE);
        }
    }
    return 0;
}

static void reserve(phys_addr_t base, phys_addr_t end) {
    uint64_t first = base / PAGE_SIZE, last = ALIGN_UP(end, PAGE_SIZE) / PAGE_SIZE;
    if (first < page_limit)
        free_pages -= mark(first, last < page_limit ? last : page_limit, true);
}

static void pmm_init(void) {
    phys_addr_t top = 0;
    for (uint32_t i = 0; i < boot_info.memory_count; i++)
        if (boot_info.memory[i].type == MEM_USABLE && range_end(&boot_info.memory[i]) > top)
            top = range_end(&boot_info.memory[i]);
    page_limit = top / PAGE_SIZE;
    uint64_t words = ALIGN_UP(page_limit, WORD_BITS) / WORD_BITS;
    phys_addr_t place = place_bitmap(words * sizeof *bitmap);
    if (!place) {
        kputs("FATAL: No usable memory found\n");
        arch_panic();
    }
    bitmap = phys_to_virt(place);
    for (uint64_t i = 0; i < words; i++)
        bitmap[i] = UINT64_MAX;

    /* Usable ranges are rounded inwards, all others outwards and last: where a map contradicts itself, memory that
     * something else may own is not touched. */
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        const struct memory_range *r = &boot_info.memory[i];
        if (r->type == MEM_USABLE)
            free_pages += mark(ALIGN_UP(r->base, PAGE_SIZE) / PAGE_SIZE, range_end(r) / PAGE_SIZE, false);
    }
    for (uint32_t i = 0; i < boot_info.memory_count; i++)
        if (boot_info.memory[i].type != MEM_USABLE)
            reserve(boot_info.memory[i].base, range_end(&boot_info.memory[i]));
    total_pages = free_pages;
    reserve(0, LOW_MEMORY);
    reserve(ARCH_KERNEL_LOAD, kernel_end());
    reserve(place, place + words * sizeof *bitmap);
    for (uint32_t i = 0; i < boot_info.module_count; i++)
        reserve(boot_info.modules[i].start, boot_info.modules[i].end);
    log_info("MM", "PMM initialized: %lu pages free", free_pages);
}
INITCALL(INIT_PMM, pmm_init);
