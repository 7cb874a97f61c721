/* The SLM's memory: one contiguous region of the direct map, taken at boot while large runs of memory are free.
 * Handed out upwards, taken back as a whole. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sync.h>
#include "mm_internal.h"

#define LARGE_PAGE_PAGES 512 /* 2 MB: protecting weights then splits no page in the middle */

static const struct {
    uint64_t ram_below, pool;
} sizes[] = {
    {MB(32), MB(2)}, {MB(128), MB(4)}, {MB(512), MB(32)}, {GB(2), MB(128)}, {UINT64_MAX, MB(256)},
};

static uint8_t *pool;
static uint64_t pool_bytes, used_bytes;
static spinlock_t lock;

static bool reserve(uint64_t bytes) {
    phys_addr_t base = pmm_alloc_aligned(bytes / PAGE_SIZE, LARGE_PAGE_PAGES);
    if (!base)
        return false;
    pool = phys_to_virt(base);
    pool_bytes = bytes;
    log_info("MM", "SLM pool: %lu KB allocated", bytes >> 10);
    return true;
}

void *slm_pool_alloc(size_t bytes, size_t align) {
    void *p = NULL;
    uint64_t irq = spin_lock(&lock);
    uint64_t start = align ? ALIGN_UP(used_bytes, align) : used_bytes; /* the pool itself is aligned to 2 MB */
    if (bytes && start <= pool_bytes && bytes <= pool_bytes - start) {
        p = pool + start;
        used_bytes = start + bytes;
    }
    spin_unlock(&lock, irq);
    return p;
}

void slm_pool_reset(void) {
    uint64_t irq = spin_lock(&lock);
    used_bytes = 0;
    arch_protect((virt_addr_t)pool, pool_bytes, MAP_PRESENT | MAP_WRITABLE | MAP_NOEXEC);
    spin_unlock(&lock, irq);
}

int slm_pool_protect(void *base, size_t bytes) {
    uint64_t offset = (uint64_t)((uint8_t *)base - pool), end = ALIGN_UP(offset + bytes, PAGE_SIZE);
    if (bytes == 0 || (uint64_t)base % PAGE_SIZE || offset >= used_bytes || bytes > used_bytes - offset)
        return -1;
    uint64_t irq = spin_lock(&lock);
    if (used_bytes < end)
        used_bytes = end; /* nobody else gets the rest of the last page */
    int status = arch_protect((virt_addr_t)base, end - offset, MAP_PRESENT | MAP_NOEXEC);
    spin_unlock(&lock, irq);
    return status;
}

int slm_pool_require(size_t bytes) {
    uint64_t wanted = ALIGN_UP(bytes, PAGE_SIZE);
    if (wanted <= pool_bytes)
        return 0;
    if (used_bytes || wanted < bytes)
        return -1;
    uint8_t *old = pool;
    uint64_t old_bytes = pool_bytes;
    if (!reserve(wanted))
        return -1;
    if (old_bytes)
        pmm_free_pages(virt_to_phys(old), old_bytes / PAGE_SIZE);
    return 0;
}

void slm_pool_get_stats(uint64_t *bytes, uint64_t *used) {
    *bytes = pool_bytes;
    *used = used_bytes;
}

static void slm_pool_init(void) {
    uint64_t ram = boot_ram_bytes(), bytes;
    unsigned i = 0;
    while (ram >= sizes[i].ram_below)
        i++;
    for (bytes = sizes[i].pool; bytes >= sizes[0].pool; bytes /= 2) /* less where memory is in pieces */
        if (reserve(bytes))
            return;
    log_warn("MM", "SLM pool: no contiguous memory, the SLM works without one");
}
INITCALL(INIT_SLAB, slm_pool_init);
