/* What file systems need of a kernel beside host.c: page frames, one thread, no clock. */
#include <auton/dev.h>
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/sched.h>
#include "../../../kernels/reference/fs/cache.h"

extern void abort(void) NORETURN;
extern void *malloc(size_t bytes);
extern void *aligned_alloc(size_t alignment, size_t bytes);
extern void free(void *p);

void *kmalloc(size_t bytes) {
    return bytes && bytes < MB(64) ? malloc(bytes) : NULL;
}

phys_addr_t pmm_alloc_page(void) {
    return (phys_addr_t)(uintptr_t)aligned_alloc(PAGE_SIZE, PAGE_SIZE);
}

void pmm_free_page(phys_addr_t page) {
    free((void *)(uintptr_t)page);
}

/* Pages got together are given back one by one, which malloc() does not know: only the cache's own run is such. */
static uint8_t run[CACHE_RUN][PAGE_SIZE] __attribute__((aligned(4096)));
static bool run_used;
phys_addr_t pmm_alloc_pages(size_t count) {
    if (run_used || count != CACHE_RUN)
        return 0; /* read ahead does without */
    run_used = true;
    return (phys_addr_t)(uintptr_t)run;
}
void pmm_free_pages(phys_addr_t first, size_t count) {
    if (first != (phys_addr_t)(uintptr_t)run || count != CACHE_RUN)
        abort();
    run_used = false;
}

uint64_t pmm_total_pages(void) {
    return 65536;
}
uint64_t pmm_free_page_count(void) {
    return 65536;
}
void *phys_to_virt(phys_addr_t phys) {
    return (void *)(uintptr_t)phys;
}
phys_addr_t virt_to_phys(const void *virt) {
    return (phys_addr_t)(uintptr_t)virt;
}

void mutex_lock(struct mutex *m) {
    if (m->owner)
        abort();
    m->owner = (thread_t *)m;
}
void mutex_unlock(struct mutex *m) {
    if (!m->owner)
        abort();
    m->owner = NULL;
}

uint64_t uptime_ms(void) {
    return 0;
}
bool rtc_read(struct rtc_time *out) {
    (void)out;
    return false;
}
uint32_t random_u32(void) {
    return 4;
}
void random_bytes(void *out, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)out)[i] = (uint8_t)i;
}
