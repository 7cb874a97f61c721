/* Anonymous memory: each first touch is a fault, after which a page of zeros is there. Without huge pages. */
#include "guest.h"
#include <stddef.h>
#include <sys/mman.h>

#define PAGE_SIZE 4096

uint64_t page_fault_ns(uint32_t pages) {
    uint8_t *area = mmap(NULL, (uint64_t)pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FAIL_IF(area == MAP_FAILED);
    madvise(area, (uint64_t)pages * PAGE_SIZE, MADV_NOHUGEPAGE);
    uint64_t start = now_ns();
    for (uint32_t i = 0; i < pages; i++)
        *(volatile uint8_t *)(area + (uint64_t)i * PAGE_SIZE) = 1;
    uint64_t ns = (now_ns() - start) / pages;
    munmap(area, (uint64_t)pages * PAGE_SIZE);
    return ns;
}
