/* kmalloc(): objects from the slabs, larger blocks as whole pages with a header in front. All of it lies in the
 * direct map, physically contiguous. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "mm_internal.h"

#define LARGE_MAGIC 0x1A26EB10C4B10C42ULL

struct large {
    uint64_t magic; /* LARGE_MAGIC ^ address */
    uint64_t pages;
    uint8_t pad[48]; /* the block starts at a cache line */
};
_Static_assert(sizeof(struct large) == 64, "large block header");

static void *large_alloc(size_t bytes) {
    if (bytes > pmm_total_pages() * PAGE_SIZE)
        return NULL;
    uint64_t pages = ALIGN_UP(bytes + sizeof(struct large), PAGE_SIZE) / PAGE_SIZE;
    phys_addr_t base = pmm_alloc_pages(pages);
    if (!base)
        return NULL;
    struct large *l = phys_to_virt(base);
    l->magic = LARGE_MAGIC ^ (uint64_t)l;
    l->pages = pages;
    return l + 1;
}

void *kmalloc(size_t bytes) {
    if (bytes == 0)
        return NULL;
    return bytes <= SLAB_MAX_OBJECT ? slab_alloc(bytes) : large_alloc(bytes);
}

void *kzalloc(size_t bytes) {
    void *p = kmalloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

void kfree(void *p) {
    if (!p)
        return;
    struct large *l = (struct large *)p - 1;
    if ((uint64_t)l % PAGE_SIZE == 0 && l->magic == (LARGE_MAGIC ^ (uint64_t)l)) {
        l->magic = 0;
        pmm_free_pages(virt_to_phys(l), l->pages);
    } else if ((uint64_t)p < ARCH_KERNEL_VBASE || (uint64_t)p >= ARCH_VMM_BASE || !slab_free(p)) {
        mm_fault("kfree: not an address of kmalloc()", (uint64_t)p);
    }
}
