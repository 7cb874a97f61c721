/* Self-tests of kmalloc() and the slabs below it. */
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "mm_internal.h"

/* Fills more than one slab of a class, each object with its own pattern, and looks for overlaps. */
static const char *exercise_class(size_t size) {
    enum { MOST = 1100 };
    static uint8_t *objects[MOST];
    unsigned count = (unsigned)(2 * 16384 / size) + 3;
    uint64_t slabs_before, used_before, slabs, used;
    slab_get_stats(&slabs_before, &used_before);
    for (unsigned i = 0; i < count; i++) {
        objects[i] = kmalloc(size - i % 2); /* sizes that are no class of their own, too */
        CHECK(objects[i] && (uint64_t)objects[i] % 32 == 0);
        memset(objects[i], (int)(i * 7 + 1), size - i % 2);
    }
    slab_get_stats(&slabs, &used);
    CHECK(used == used_before + count * size && slabs > slabs_before);
    for (unsigned i = 0; i < count; i++) {
        CHECK(objects[i][0] == (uint8_t)(i * 7 + 1) && objects[i][size - 1 - i % 2] == (uint8_t)(i * 7 + 1));
    }
    for (unsigned i = 0; i < count; i += 2)
        kfree(objects[i]);
    for (unsigned i = 1; i < count; i += 2)
        kfree(objects[i]);
    slab_get_stats(&slabs, &used);
    CHECK(used == used_before && slabs <= slabs_before + 16384);
    return NULL;
}

SELFTEST(slab_alloc_32, "mm") { return exercise_class(32); }
SELFTEST(slab_alloc_64, "mm") { return exercise_class(64); }
SELFTEST(slab_alloc_128, "mm") { return exercise_class(128); }
SELFTEST(slab_alloc_256, "mm") { return exercise_class(256); }
SELFTEST(slab_alloc_512, "mm") { return exercise_class(512); }
SELFTEST(slab_alloc_1024, "mm") { return exercise_class(1024); }
SELFTEST(slab_alloc_2048, "mm") { return exercise_class(2048); }

SELFTEST(kmalloc_large, "mm") {
    uint64_t before = pmm_free_page_count();
    uint8_t *a = kmalloc(2049), *b = kmalloc(100000), *c = kzalloc(5000);
    CHECK(a && b && c && pmm_free_page_count() < before);
    memset(a, 1, 2049);
    memset(b, 2, 100000);
    for (unsigned i = 0; i < 5000; i++)
        CHECK(c[i] == 0);
    CHECK(a[2048] == 1 && b[0] == 2 && b[99999] == 2);
    kfree(a);
    kfree(b);
    kfree(c);
    kfree(NULL);
    CHECK(pmm_free_page_count() == before);
    CHECK(!kmalloc(0) && !kmalloc(SIZE_MAX) && !kmalloc(pmm_total_pages() * PAGE_SIZE));
    CHECK(pmm_free_page_count() == before);
    return NULL;
}

static unsigned faults;
static void count_fault(const char *what, uint64_t address) {
    (void)what;
    (void)address;
    faults++;
}

SELFTEST(kfree_misuse, "mm") {
    char *keep = kmalloc(100), *p = kmalloc(100), on_stack[128] = {0};
    CHECK(keep && p);
    kfree(p);
    faults = 0;
    mm_fault_hook = count_fault;
    kfree(p);             /* double */
    kfree(keep + 8);      /* inside an object */
    kfree(on_stack + 64); /* no heap at all */
    mm_fault_hook = NULL;
    kfree(keep);
    CHECK(faults == 3);
    return NULL;
}
