/* Self-test of the cache of a disk: what is read, and that what is new is not. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "cache.h"
#include "fs_internal.h"

static block_device_t *medium;
static unsigned reads;

static int read(block_device_t *disk, uint64_t sector, uint32_t count, void *buffer) {
    (void)disk;
    reads++;
    return block_read(medium, sector, count, buffer);
}

static int write(block_device_t *disk, uint64_t sector, uint32_t count, const void *buffer) {
    (void)disk;
    return block_write(medium, sector, count, buffer);
}

static bool all(const uint8_t *data, size_t from, size_t to, uint8_t value) {
    for (; from < to; from++)
        if (data[from] != value)
            return false;
    return true;
}

/* On a disk of sevens, with one unit of page 1 new. */
static const char *use(struct cache *c) {
    struct cache_page *page, *same;
    CHECK(cache_get_new(c, 1, CACHE_UNIT, CACHE_UNIT, &page) == 0 && reads == 0 && !cache_has(c, 1));
    CHECK(all(page->data, CACHE_UNIT, 2 * CACHE_UNIT, 0));
    memset(page->data + CACHE_UNIT, 9, CACHE_UNIT);
    cache_changed(page, CACHE_UNIT, CACHE_UNIT, STAGE_DATA);
    CHECK(cache_get(c, 1, &same) == 0 && same == page && reads == 1 && cache_has(c, 1)); /* the others, beside it */
    CHECK(all(page->data, 0, CACHE_UNIT, 7) && all(page->data, CACHE_UNIT, 2 * CACHE_UNIT, 9));
    CHECK(all(page->data, 2 * CACHE_UNIT, CACHE_PAGE, 7));
    cache_put(c, same);
    cache_put(c, page);
    CHECK(cache_get_new(c, 2, 0, CACHE_PAGE, &page) == 0 && cache_has(c, 2) && all(page->data, 0, CACHE_PAGE, 0));
    cache_put(c, page); /* not changed: the disk keeps its own */
    CHECK(cache_write_back(c) == 0 && cache_dirty_pages(c) == 0 && reads == 1);
    CHECK(cache_get(c, 4, &page) == -EINVAL);
    return NULL;
}

SELFTEST(fs_cache, "fs") {
    static const struct block_ops ops = {read, write, NULL};
    uint8_t *data = kmalloc(4 * CACHE_PAGE);
    medium = ramdisk_create(4 * CACHE_PAGE);
    block_device_t disk = {.name = "counted", .sectors = 4 * CACHE_PAGE / BLOCK_SECTOR, .ops = &ops};
    CHECK(data && medium);
    memset(data, 7, 4 * CACHE_PAGE);
    CHECK(block_write(medium, 0, 4 * CACHE_PAGE / BLOCK_SECTOR, data) == 0);
    reads = 0;
    struct cache *c = cache_create(&disk);
    CHECK(c);
    const char *wrong = use(c);
    cache_destroy(c);
    if (wrong)
        return wrong;
    CHECK(block_read(medium, 0, 4 * CACHE_PAGE / BLOCK_SECTOR, data) == 0);
    CHECK(all(data, 0, CACHE_PAGE + CACHE_UNIT, 7) && all(data, CACHE_PAGE + CACHE_UNIT, CACHE_PAGE + 2 * CACHE_UNIT, 9));
    CHECK(all(data, CACHE_PAGE + 2 * CACHE_UNIT, 4 * CACHE_PAGE, 7));
    kfree(data);
    CHECK(ramdisk_destroy(medium) == 0);
    return NULL;
}
