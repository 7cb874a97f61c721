/* Self-tests of mappings, protections and address spaces. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "mm_internal.h"

#define RW (MAP_WRITABLE | MAP_NOEXEC)

SELFTEST(vmm_map_page, "mm") {
    const virt_addr_t virt = ARCH_VMM_BASE + ARCH_VMM_SIZE - 16 * PAGE_SIZE;
    phys_addr_t page = pmm_alloc_page(), found = 0;
    uint8_t byte;
    CHECK(page && !arch_get_physical(virt, &found));
    CHECK(arch_map_page(virt, page, MAP_PRESENT | RW) == 0);
    CHECK(arch_get_physical(virt + 123, &found) && found == page + 123);
    *(volatile uint64_t *)(virt + 8) = 0x1122334455667788;
    CHECK(*(volatile uint64_t *)((uint8_t *)phys_to_virt(page) + 8) == 0x1122334455667788);
    CHECK(arch_map_page(virt, page, MAP_PRESENT | MAP_NOEXEC) == 0); /* now read-only */
    CHECK(arch_probe_read((void *)virt, &byte) && !arch_probe_write((void *)virt, 1));
    CHECK(arch_unmap_page(virt) == 0 && arch_unmap_page(virt) == -1);
    CHECK(!arch_probe_read((void *)virt, &byte));
    pmm_free_page(page);
    return NULL;
}

SELFTEST(vmm_guard_pages, "mm") {
    uint8_t byte, *block = vmm_alloc(3 * PAGE_SIZE - 5, RW), *other = vmm_alloc(PAGE_SIZE, RW);
    CHECK(block && other && (virt_addr_t)block % PAGE_SIZE == 0);
    memset(block, 0xA5, 3 * PAGE_SIZE);
    CHECK(arch_probe_read(block, &byte) && byte == 0xA5 && arch_probe_read(block + 3 * PAGE_SIZE - 1, &byte));
    CHECK(!arch_probe_read(block - 1, &byte) && !arch_probe_write(block - 1, 0));
    CHECK(!arch_probe_read(block + 3 * PAGE_SIZE, &byte) && !arch_probe_write(block + 3 * PAGE_SIZE, 0));
    vmm_free(block);
    CHECK(!arch_probe_read(block, &byte));
    vmm_free(other);
    return NULL;
}

SELFTEST(vmm_gives_back_memory, "mm") {
    vmm_free(vmm_alloc(64 * PAGE_SIZE, RW)); /* page tables and descriptors are there after this */
    uint64_t before = pmm_free_page_count();
    void *block = vmm_alloc(64 * PAGE_SIZE, RW);
    CHECK(block && pmm_free_page_count() == before - 64);
    vmm_free(block);
    CHECK(pmm_free_page_count() == before);
    CHECK(!vmm_alloc(0, RW) && !vmm_alloc(SIZE_MAX, RW) && !vmm_alloc(pmm_total_pages() * PAGE_SIZE, RW));
    CHECK(pmm_free_page_count() == before);
    return NULL;
}

SELFTEST(vmm_kernel_protection, "mm") {
    static const char constant[] = "constant";
    static volatile char variable;
    CHECK(!arch_probe_write((void *)(uintptr_t)kernel_main, 0x90));
    CHECK(!arch_probe_write((void *)(uintptr_t)constant, 0));
    CHECK(arch_probe_write((void *)(uintptr_t)&variable, 7) && variable == 7);
    return NULL;
}

SELFTEST(vmm_splits_large_pages, "mm") {
    phys_addr_t base = pmm_alloc_aligned(512, 512), found; /* one large page of the direct map */
    CHECK(base);
    uint8_t byte, *p = phys_to_virt(base);
    memset(p, 0x11, 512 * PAGE_SIZE);
    CHECK(arch_protect((virt_addr_t)(p + PAGE_SIZE), PAGE_SIZE, MAP_NOEXEC) == 0);
    CHECK(!arch_probe_write(p + PAGE_SIZE, 0) && arch_probe_write(p, 0) && arch_probe_write(p + 2 * PAGE_SIZE, 0));
    CHECK(arch_probe_read(p + PAGE_SIZE, &byte) && byte == 0x11);
    CHECK(arch_get_physical((virt_addr_t)(p + 300 * PAGE_SIZE + 5), &found) && found == base + 300 * PAGE_SIZE + 5);
    CHECK(arch_protect((virt_addr_t)p, 512 * PAGE_SIZE, RW) == 0 && arch_probe_write(p + PAGE_SIZE, 0));
    pmm_free_pages(base, 512);
    return NULL;
}

SELFTEST(vmm_address_spaces, "mm") {
    uint8_t byte, *user = (uint8_t *)ARCH_USER_VBASE;
    uint64_t before = pmm_free_page_count();
    phys_addr_t page = pmm_alloc_page();
    arch_address_space_t *as = arch_create_address_space();
    CHECK(page && as);
    uint64_t irq = arch_save_irq_state();
    arch_switch_address_space(as);
    bool mapped = arch_map_page((virt_addr_t)user, page, MAP_PRESENT | MAP_WRITABLE | MAP_USER | MAP_NOEXEC) == 0 &&
                  arch_probe_write(user, 42);
    arch_switch_address_space(NULL);
    bool leaked = arch_probe_read(user, &byte);
    arch_destroy_address_space(as);
    arch_restore_irq_state(irq);
    CHECK(mapped && !leaked);
    CHECK(*(uint8_t *)phys_to_virt(page) == 42);
    pmm_free_page(page);
    CHECK(pmm_free_page_count() == before);
    return NULL;
}

SELFTEST(vmm_map_physical, "mm") {
    phys_addr_t page = pmm_alloc_pages(2);
    CHECK(page);
    uint32_t *direct = phys_to_virt(page + PAGE_SIZE - 4);
    volatile uint32_t *mapped = vmm_map_physical(page + PAGE_SIZE - 4, 8, RW); /* across two pages, not aligned */
    CHECK(mapped && (virt_addr_t)mapped % PAGE_SIZE == PAGE_SIZE - 4);
    direct[0] = 0x12345678;
    mapped[1] = 0x9ABCDEF0;
    CHECK(mapped[0] == 0x12345678 && *(volatile uint32_t *)&direct[1] == 0x9ABCDEF0);
    CHECK(!vmm_map_physical(page, 0, RW));
    return NULL; /* such mappings stay for ever, and so does the memory behind this one */
}
