/* The cache of one disk, in pages of 4 KB: read once, changed in memory, written back together. Whoever uses it holds
 * its file system's lock. What is written back goes in stages, so that the disk makes sense at every moment: nothing
 * is on it before what it stands on. */
#pragma once
#include <auton/block.h>
#include <auton/types.h>

#define CACHE_PAGE 4096u
#define CACHE_UNIT 1024u /* what is changed and written at least: the smallest block of a file system */
#define CACHE_UNITS (CACHE_PAGE / CACHE_UNIT)
#define CACHE_RUN 32u    /* pages of one transfer at most */

enum cache_stage { CLEAN, STAGE_MAPS, STAGE_DATA, STAGE_INODES, STAGE_NAMES, CACHE_STAGES };

struct cache_page {
    uint64_t index;           /* its place on the disk, in pages */
    uint8_t *data;            /* CACHE_PAGE bytes */
    uint32_t pins;            /* users; not given up while there are any */
    bool here[CACHE_UNITS];   /* units that were read from the disk, or are new */
    uint8_t stage[CACHE_UNITS]; /* when each unit is to be written; CLEAN: the disk has it */
    struct cache_page *next;                  /* in the table */
    struct cache_page *newer, *older, **list; /* in the list of clean or of dirty pages; none while it is pinned */
};

struct cache;
struct cache *cache_create(block_device_t *disk); /* NULL without memory */
void cache_destroy(struct cache *cache);          /* what was not written is lost */
/* A page, pinned. -EIO, -ENOMEM, -EINVAL when it does not lie on the disk. */
int cache_get(struct cache *cache, uint64_t index, struct cache_page **out);
/* The same for whole units that become zeros, whatever the disk says: the page's others may not be here. */
int cache_get_new(struct cache *cache, uint64_t index, size_t offset, size_t bytes, struct cache_page **out);
void cache_put(struct cache *cache, struct cache_page *page);
bool cache_has(struct cache *cache, uint64_t index);
/* Reads up to CACHE_RUN of `count` pages that follow one another by one transfer, as far as they are not here. Failing
 * does no harm. */
void cache_read_ahead(struct cache *cache, uint64_t index, size_t count);
/* Bytes of a pinned page have changed. A unit that waits to be written already keeps its earlier stage. */
void cache_changed(struct cache_page *page, size_t offset, size_t bytes, enum cache_stage stage);
int cache_write_back(struct cache *cache); /* all of it, stage by stage. 0, or the disk's error: the rest stays dirty */
size_t cache_dirty_pages(const struct cache *cache);
bool cache_is_crowded(const struct cache *cache); /* it is time to write back */
