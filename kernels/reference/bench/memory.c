/* What a page costs that is mapped when it is first touched: the fault, a frame, zeros in it, its entry in the table. */
#include "bench.h"
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>

#define FLAGS (MAP_WRITABLE | MAP_NOEXEC)

/* Leaves addresses that are reserved and have nothing behind them. */
static void take_pages_away(uint8_t *area, uint32_t pages) {
    phys_addr_t frame;
    for (uint32_t i = 0; i < pages; i++) {
        virt_addr_t at = (virt_addr_t)(area + i * PAGE_SIZE);
        if (arch_get_physical(at, &frame) && arch_unmap_page(at) == 0)
            pmm_free_page(frame);
    }
}

/* The kernel maps nothing on demand by itself; what a handler would do is done here, after a fault that was taken. */
static int touch(uint8_t *page) {
    if (arch_probe_write(page, 1))
        return -EEXIST; /* no fault: there was a page */
    phys_addr_t frame = pmm_alloc_page();
    if (!frame)
        return -ENOMEM;
    memset(phys_to_virt(frame), 0, PAGE_SIZE);
    if (arch_map_page((virt_addr_t)page, frame, FLAGS | MAP_PRESENT) != 0) {
        pmm_free_page(frame);
        return -ENOMEM;
    }
    *(volatile uint8_t *)page = 1;
    return 0;
}

int bench_page_fault(uint32_t pages, uint64_t *ns) {
    uint8_t *area = vmm_alloc(pages * PAGE_SIZE, FLAGS);
    int status = 0;
    if (!area)
        return -ENOMEM;
    take_pages_away(area, pages);
    uint64_t start = arch_time_ns();
    for (uint32_t i = 0; i < pages && status == 0; i++)
        status = touch(area + i * PAGE_SIZE);
    *ns = (arch_time_ns() - start) / pages;
    vmm_free(area);
    return status;
}
