/* What memory is used for, and the command that shows it. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/shell.h>
#include "mm_internal.h"

void mm_get_stats(struct mm_stats *out) {
    out->total_bytes = pmm_total_pages() * PAGE_SIZE;
    out->free_bytes = pmm_free_page_count() * PAGE_SIZE;
    slab_get_stats(&out->slab_bytes, &out->slab_used_bytes);
    slm_pool_get_stats(&out->slm_pool_bytes, &out->slm_pool_used_bytes);
}

static int mem_command(int argc, char **argv) {
    struct mm_stats s;
    (void)argc;
    (void)argv;
    mm_get_stats(&s);
    kprintf("%-10s %10s %10s %10s\n", "", "total KB", "used KB", "free KB");
    kprintf("%-10s %10lu %10lu %10lu\n", "RAM", s.total_bytes >> 10, (s.total_bytes - s.free_bytes) >> 10, s.free_bytes >> 10);
    kprintf("%-10s %10lu %10lu %10lu\n", "slabs", s.slab_bytes >> 10, s.slab_used_bytes >> 10,
            (s.slab_bytes - s.slab_used_bytes) >> 10);
    kprintf("%-10s %10lu %10lu %10lu\n", "SLM pool", s.slm_pool_bytes >> 10, s.slm_pool_used_bytes >> 10,
            (s.slm_pool_bytes - s.slm_pool_used_bytes) >> 10);
    return 0;
}
SHELL_COMMAND(mem, "mem", "Show how memory is used", mem_command);
