/* Memory for devices comes from the page allocator: contiguous, and in the direct map. */
#include <auton/arch.h>
#include <auton/dma.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>

static size_t pages_of(size_t bytes) {
    return (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}

void *dma_alloc(size_t bytes, phys_addr_t *phys) {
    *phys = bytes ? pmm_alloc_pages(pages_of(bytes)) : 0;
    return *phys ? memset(phys_to_virt(*phys), 0, pages_of(bytes) * PAGE_SIZE) : NULL;
}

void dma_free(void *memory, size_t bytes) {
    if (memory)
        pmm_free_pages(virt_to_phys(memory), pages_of(bytes));
}

SELFTEST(dma_memory, "dev") {
    uint64_t before = pmm_free_page_count();
    phys_addr_t phys, none;
    uint8_t *memory = dma_alloc(3 * PAGE_SIZE + 1, &phys);
    CHECK(memory && phys % PAGE_SIZE == 0 && virt_to_phys(memory) == phys);
    bool zero = true;
    for (size_t i = 0; i < 4 * PAGE_SIZE; i++)
        zero &= memory[i] == 0;
    memset(memory, 0xAA, 4 * PAGE_SIZE);
    bool nothing = !dma_alloc(0, &none) && !none;
    dma_free(memory, 3 * PAGE_SIZE + 1);
    dma_free(NULL, 1);
    CHECK(zero && nothing && pmm_free_page_count() == before);
    return NULL;
}
