/* Memory: page frames (PMM), kernel mappings (VMM), objects (slab, kmalloc), the SLM's pool. */
#pragma once
#include <auton/types.h>
#include <arch_memory.h>

#define PAGE_SIZE ARCH_PAGE_SIZE

/* PMM: bitmap over the whole memory map. Addresses are physical; 0 means out of memory. */
phys_addr_t pmm_alloc_page(void);
phys_addr_t pmm_alloc_pages(size_t count); /* contiguous */
phys_addr_t pmm_alloc_aligned(size_t count, size_t align_pages); /* contiguous, aligned (a power of two) */
void pmm_free_page(phys_addr_t page);      /* a double free panics */
void pmm_free_pages(phys_addr_t first, size_t count);
uint64_t pmm_total_pages(void);
uint64_t pmm_free_page_count(void);

/* VMM: kernel virtual memory with a guard page on each side; MAP_* flags of arch.h. */
void *vmm_alloc(size_t bytes, uint32_t flags);
void vmm_free(void *base);
void *vmm_map_physical(phys_addr_t phys, size_t bytes, uint32_t flags); /* MMIO; never freed */

/* Objects. kmalloc(0) and out of memory give NULL; memory is not cleared by kmalloc. */
void *kmalloc(size_t bytes);
void *kzalloc(size_t bytes);
void kfree(void *p);

struct mm_stats {
    uint64_t total_bytes, free_bytes;
    uint64_t slab_bytes, slab_used_bytes;
    uint64_t slm_pool_bytes, slm_pool_used_bytes;
};
void mm_get_stats(struct mm_stats *out);

/* SLM pool: one reserved region, size by RAM; bump allocation, reset as a whole. */
void *slm_pool_alloc(size_t bytes, size_t align);
void slm_pool_reset(void);
/* Makes the pool at least this big, for a large model, while nothing is allocated from it. 0, or -1. */
int slm_pool_require(size_t bytes);
/* Makes [base, base+bytes) of the pool read-only (model weights). 0, or -1 when it is not in the pool. */
int slm_pool_protect(void *base, size_t bytes);
