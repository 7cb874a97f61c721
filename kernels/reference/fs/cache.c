/* The disk cache. A page that nobody uses is in one of two lists: clean ones, from which the one that was used longest
 * ago makes room, and dirty ones, which stay until they are written back. */
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "cache.h"

#define BUCKETS 1024
#define LEAST_PAGES 64
#define MOST_PAGES 4096 /* 16 MB */
#define RAM_PART 16     /* of the memory for the cache of one disk */

struct cache {
    block_device_t *disk;
    uint64_t disk_pages;
    size_t count, limit, dirty;
    struct cache_page *table[BUCKETS];
    struct cache_page *clean_newest, *clean_oldest, *dirty_newest, *dirty_oldest;
    uint8_t *run; /* CACHE_RUN pages for writing what follows one another */
};

struct cache *cache_create(block_device_t *disk) {
    struct cache *c = kzalloc(sizeof *c);
    phys_addr_t run = c ? pmm_alloc_pages(CACHE_RUN) : 0;
    if (!run) {
        kfree(c);
        return NULL;
    }
    c->disk = disk;
    c->disk_pages = (disk->sectors * BLOCK_SECTOR + CACHE_PAGE - 1) / CACHE_PAGE;
    c->run = phys_to_virt(run);
    c->limit = pmm_total_pages() / RAM_PART;
    c->limit = c->limit < LEAST_PAGES ? LEAST_PAGES : c->limit > MOST_PAGES ? MOST_PAGES : c->limit;
    return c;
}

static struct cache_page **slot(struct cache *c, uint64_t index) {
    return &c->table[index % BUCKETS];
}

static bool is_dirty(const struct cache_page *p) {
    static const uint8_t clean[CACHE_UNITS];
    return memcmp(p->stage, clean, sizeof clean) != 0;
}

static void list_add(struct cache *c, struct cache_page *p) {
    bool dirty = is_dirty(p);
    struct cache_page **newest = dirty ? &c->dirty_newest : &c->clean_newest;
    struct cache_page **oldest = dirty ? &c->dirty_oldest : &c->clean_oldest;
    p->older = *newest;
    p->newer = NULL;
    *(p->older ? &p->older->newer : oldest) = p;
    *newest = p;
    p->list = newest;
    c->dirty += dirty;
}

static void list_remove(struct cache *c, struct cache_page *p) {
    bool dirty = p->list == &c->dirty_newest;
    *(p->newer ? &p->newer->older : dirty ? &c->dirty_newest : &c->clean_newest) = p->older;
    *(p->older ? &p->older->newer : dirty ? &c->dirty_oldest : &c->clean_oldest) = p->newer;
    p->list = NULL;
    c->dirty -= dirty;
}

static void give_up(struct cache *c, struct cache_page *p) {
    struct cache_page **link = slot(c, p->index);
    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
    list_remove(c, p);
    pmm_free_page(virt_to_phys(p->data));
    kfree(p);
    c->count--;
}

void cache_destroy(struct cache *c) {
    while (c->clean_oldest)
        give_up(c, c->clean_oldest);
    while (c->dirty_oldest)
        give_up(c, c->dirty_oldest);
    pmm_free_pages(virt_to_phys(c->run), CACHE_RUN);
    kfree(c);
}

static struct cache_page *find(struct cache *c, uint64_t index) {
    struct cache_page *p = *slot(c, index);
    while (p && p->index != index)
        p = p->next;
    return p;
}

static bool is_whole(const struct cache_page *p) {
    for (size_t u = 0; u < CACHE_UNITS; u++)
        if (!p->here[u])
            return false;
    return true;
}

bool cache_has(struct cache *c, uint64_t index) {
    const struct cache_page *p = find(c, index);
    return p && is_whole(p);
}

static void make_room(struct cache *c, size_t pages) {
    while (c->count + pages > c->limit && c->clean_oldest)
        give_up(c, c->clean_oldest);
}

/* A page of the disk in memory that the caller has; nothing of it is here yet, and it is in no list. NULL without memory
 * for the rest. */
static struct cache_page *add(struct cache *c, uint64_t index, uint8_t *data) {
    struct cache_page *p = kzalloc(sizeof *p);
    if (!p)
        return NULL;
    p->index = index;
    p->data = data;
    p->next = *slot(c, index);
    *slot(c, index) = p;
    c->count++;
    return p;
}

/* Sectors of a run of pages; the disk may end in the last one. */
static uint32_t sectors_of(const struct cache *c, uint64_t index, size_t pages) {
    uint64_t first = index * (CACHE_PAGE / BLOCK_SECTOR), count = pages * (CACHE_PAGE / BLOCK_SECTOR);
    return (uint32_t)(count < c->disk->sectors - first ? count : c->disk->sectors - first);
}

static int read_pages(struct cache *c, uint64_t index, size_t pages, uint8_t *data) {
    uint32_t sectors = sectors_of(c, index, pages);
    memset(data + (size_t)sectors * BLOCK_SECTOR, 0, pages * CACHE_PAGE - (size_t)sectors * BLOCK_SECTOR);
    return block_read(c->disk, index * (CACHE_PAGE / BLOCK_SECTOR), sectors, data);
}

/* A page of which nothing is here yet, in memory that is taken from the one used longest ago when there is no other. */
static struct cache_page *add_empty(struct cache *c, uint64_t index) {
    make_room(c, 1);
    phys_addr_t frame = pmm_alloc_page();
    if (!frame && c->clean_oldest) {
        give_up(c, c->clean_oldest);
        frame = pmm_alloc_page();
    }
    struct cache_page *p = frame ? add(c, index, phys_to_virt(frame)) : NULL;
    if (frame && !p)
        pmm_free_page(frame);
    return p;
}

static int pin(struct cache *c, uint64_t index, struct cache_page **out) {
    if (index >= c->disk_pages)
        return -EINVAL;
    struct cache_page *p = find(c, index);
    if (!p)
        p = add_empty(c, index);
    else if (!p->pins)
        list_remove(c, p);
    if (!p)
        return -ENOMEM;
    p->pins++;
    *out = p;
    return 0;
}

/* Reads the page beside itself, for what is here may be newer. */
static int read_missing(struct cache *c, struct cache_page *p) {
    int result = read_pages(c, p->index, 1, c->run);
    if (result)
        return result;
    for (size_t u = 0; u < CACHE_UNITS; u++)
        if (!p->here[u])
            memcpy(p->data + u * CACHE_UNIT, c->run + u * CACHE_UNIT, CACHE_UNIT);
    memset(p->here, true, sizeof p->here);
    return 0;
}

int cache_get(struct cache *c, uint64_t index, struct cache_page **out) {
    int result = pin(c, index, out);
    if (result || is_whole(*out))
        return result;
    result = read_missing(c, *out);
    if (result)
        cache_put(c, *out);
    return result;
}

int cache_get_new(struct cache *c, uint64_t index, size_t offset, size_t bytes, struct cache_page **out) {
    int result = pin(c, index, out);
    if (result)
        return result;
    memset((*out)->data + offset, 0, bytes);
    memset((*out)->here + offset / CACHE_UNIT, true, bytes / CACHE_UNIT);
    return 0;
}

void cache_put(struct cache *c, struct cache_page *p) {
    if (--p->pins == 0)
        list_add(c, p);
}

void cache_read_ahead(struct cache *c, uint64_t index, size_t count) {
    while (count && index < c->disk_pages && find(c, index))
        index++, count--;
    size_t run = 0;
    while (run < count && run < CACHE_RUN && index + run < c->disk_pages && !find(c, index + run))
        run++;
    make_room(c, run);
    phys_addr_t frames = run > 1 && c->count + run <= c->limit ? pmm_alloc_pages(run) : 0;
    if (!frames)
        return;
    uint8_t *data = phys_to_virt(frames);
    bool good = read_pages(c, index, run, data) == 0;
    for (size_t i = 0; i < run; i++) {
        struct cache_page *p = good ? add(c, index + i, data + i * CACHE_PAGE) : NULL;
        if (p) {
            memset(p->here, true, sizeof p->here);
            list_add(c, p);
        } else {
            pmm_free_page(frames + i * CACHE_PAGE);
        }
    }
}

void cache_changed(struct cache_page *p, size_t offset, size_t bytes, enum cache_stage stage) {
    for (size_t unit = offset / CACHE_UNIT; unit < CACHE_UNITS && unit * CACHE_UNIT < offset + bytes; unit++)
        if (p->stage[unit] == CLEAN || p->stage[unit] > stage)
            p->stage[unit] = (uint8_t)stage;
}

size_t cache_dirty_pages(const struct cache *c) {
    return c->dirty;
}

bool cache_is_crowded(const struct cache *c) {
    return c->dirty > c->limit / 2;
}

static void sort_by_index(struct cache_page **pages, size_t count) {
    for (size_t gap = count / 2; gap; gap /= 2)
        for (size_t i = gap; i < count; i++)
            for (size_t j = i; j >= gap && pages[j - gap]->index > pages[j]->index; j -= gap) {
                struct cache_page *swap = pages[j];
                pages[j] = pages[j - gap];
                pages[j - gap] = swap;
            }
}

struct run {
    uint64_t start; /* in units */
    size_t units;
};

static int write_run(struct cache *c, const struct run *run) {
    uint64_t sector = run->start * (CACHE_UNIT / BLOCK_SECTOR), count = run->units * (CACHE_UNIT / BLOCK_SECTOR);
    if (count > c->disk->sectors - sector)
        count = c->disk->sectors - sector;
    return run->units ? block_write(c->disk, sector, (uint32_t)count, c->run) : 0;
}

/* Writes the units of one stage; those that follow one another go together. */
static int write_stage(struct cache *c, struct cache_page **pages, size_t count, enum cache_stage stage, bool *any) {
    struct run run = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t u = 0; u < CACHE_UNITS; u++) {
            uint64_t at = pages[i]->index * CACHE_UNITS + u;
            if (pages[i]->stage[u] != stage)
                continue;
            if (at != run.start + run.units || run.units == CACHE_RUN * CACHE_UNITS) {
                int result = write_run(c, &run);
                if (result)
                    return result;
                run = (struct run){.start = at};
            }
            memcpy(c->run + run.units++ * CACHE_UNIT, pages[i]->data + u * CACHE_UNIT, CACHE_UNIT);
            *any = true;
        }
    return write_run(c, &run);
}

static void mark_clean(struct cache *c, struct cache_page **pages, size_t count, enum cache_stage stage) {
    for (size_t i = 0; i < count; i++) {
        list_remove(c, pages[i]);
        for (size_t u = 0; u < CACHE_UNITS; u++)
            if (pages[i]->stage[u] == stage)
                pages[i]->stage[u] = CLEAN;
        list_add(c, pages[i]);
    }
}

int cache_write_back(struct cache *c) {
    if (!c->dirty)
        return 0; /* what was written before has been flushed */
    size_t count = 0;
    struct cache_page **pages = kmalloc(c->dirty * sizeof *pages);
    if (!pages)
        return -ENOMEM;
    for (struct cache_page *p = c->dirty_oldest; p; p = p->newer)
        pages[count++] = p;
    sort_by_index(pages, count);
    int result = 0;
    for (enum cache_stage stage = STAGE_MAPS; stage < CACHE_STAGES && result == 0; stage++) {
        bool any = false;
        result = write_stage(c, pages, count, stage, &any);
        if (result == 0 && any)
            result = block_flush(c->disk);
        if (result == 0)
            mark_clean(c, pages, count, stage);
    }
    kfree(pages);
    return result;
}
