/* Self-tests of the page frame allocator. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include "mm_internal.h"

SELFTEST(pmm_alloc_free, "mm") {
    enum { COUNT = 100 };
    static phys_addr_t pages[COUNT];
    uint64_t before = pmm_free_page_count();
    for (unsigned i = 0; i < COUNT; i++) {
        pages[i] = pmm_alloc_page();
        CHECK(pages[i] && pages[i] % PAGE_SIZE == 0);
        *(volatile uint64_t *)phys_to_virt(pages[i]) = pages[i] ^ 0x5A5A;
    }
    CHECK(pmm_free_page_count() == before - COUNT);
    for (unsigned i = 0; i < COUNT; i++) /* two equal pages would have overwritten each other's mark */
        CHECK(*(volatile uint64_t *)phys_to_virt(pages[i]) == (pages[i] ^ 0x5A5A));
    for (unsigned i = 0; i < COUNT; i++)
        pmm_free_page(pages[i]);
    CHECK(pmm_free_page_count() == before);
    phys_addr_t again = pmm_alloc_page();
    CHECK(again == pages[0]);
    pmm_free_page(again);
    return NULL;
}

SELFTEST(pmm_contiguous, "mm") {
    uint64_t before = pmm_free_page_count();
    phys_addr_t hole = pmm_alloc_pages(3), run = pmm_alloc_pages(200), aligned = pmm_alloc_aligned(64, 64);
    CHECK(hole && run && aligned && aligned % (64 * PAGE_SIZE) == 0);
    CHECK(hole + 3 * PAGE_SIZE <= run || run + 200 * PAGE_SIZE <= hole);
    CHECK(run + 200 * PAGE_SIZE <= aligned || aligned + 64 * PAGE_SIZE <= run);
    pmm_free_pages(hole, 3);
    pmm_free_pages(run, 200);
    pmm_free_pages(aligned, 64);
    CHECK(pmm_free_page_count() == before);
    CHECK(pmm_alloc_pages(pmm_total_pages() + 1) == 0 && pmm_alloc_pages(0) == 0);
    CHECK(pmm_free_page_count() == before);
    return NULL;
}

static uint64_t faults, fault_address;
static void count_fault(const char *what, uint64_t address) {
    (void)what;
    faults++;
    fault_address = address;
}

SELFTEST(pmm_double_free, "mm") {
    phys_addr_t page = pmm_alloc_page();
    uint64_t before = pmm_free_page_count();
    pmm_free_page(page);
    faults = 0;
    mm_fault_hook = count_fault;
    pmm_free_page(page);
    bool noticed = faults == 1 && fault_address == page;
    pmm_free_page(page + 1);
    pmm_free_page(0);
    mm_fault_hook = NULL;
    CHECK(noticed);
    CHECK(faults == 3);
    CHECK(pmm_free_page_count() == before + 1);
    return NULL;
}
