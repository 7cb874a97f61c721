/* ext2: which blocks and inodes are in use. A bit in a bitmap is set before anything on the disk relies on it, and
 * cleared only after nothing does (commit.c), so that a power cut can lose free blocks but never share one. */
#include <auton/mm.h>
#include <auton/string.h>
#include "ext2.h"

static uint32_t blocks_in(const struct ext2 *e, uint32_t group) {
    uint32_t start = e->first_block + group * e->blocks_per_group;
    return e->blocks - start < e->blocks_per_group ? e->blocks - start : e->blocks_per_group;
}

/* The first clear bit from `from` on, of `count`; `count` when there is none. */
static uint32_t find_clear(const uint8_t *bits, uint32_t from, uint32_t count) {
    for (uint32_t i = from; i < count;) {
        if (i % 8 == 0 && bits[i / 8] == 0xFF)
            i += 8;
        else if (bits[i / 8] >> (i % 8) & 1)
            i++;
        else
            return i;
    }
    return count;
}

static int take_bit(struct ext2 *e, uint32_t bitmap, uint32_t from, uint32_t count, uint32_t *bit) {
    struct cache_page *page;
    uint8_t *bits;
    int result = ext2_block(e, bitmap, &page, &bits);
    if (result)
        return result;
    *bit = find_clear(bits, from, count);
    if (*bit == count && from)
        *bit = find_clear(bits, 0, from);
    if (*bit >= count || (bits[*bit / 8] >> (*bit % 8) & 1)) {
        result = -ENOSPC;
    } else {
        bits[*bit / 8] |= (uint8_t)(1 << *bit % 8);
        ext2_changed(e, page, bits, STAGE_MAPS);
    }
    cache_put(e->cache, page);
    return result;
}

static int give_bit(struct ext2 *e, uint32_t bitmap, uint32_t bit) {
    struct cache_page *page;
    uint8_t *bits;
    int result = ext2_block(e, bitmap, &page, &bits);
    if (result)
        return result;
    if (bits[bit / 8] >> (bit % 8) & 1) {
        bits[bit / 8] &= (uint8_t) ~(1 << bit % 8);
        ext2_changed(e, page, bits, STAGE_MAPS);
    } else {
        result = ext2_damaged(e, "something free was in use", bit);
    }
    cache_put(e->cache, page);
    return result;
}

static int allocate_block(struct ext2 *e, uint32_t goal, uint32_t *out) {
    uint32_t first = ext2_is_block(e, goal) ? goal - e->first_block : 0, group = first / e->blocks_per_group;
    uint32_t from = first % e->blocks_per_group, bit;
    for (uint32_t i = 0; i < e->group_count; i++, from = 0, group = (group + 1) % e->group_count) {
        struct ext2_group *g = &e->groups[group];
        if (!g->free_blocks)
            continue;
        int result = take_bit(e, g->block_bitmap, from, blocks_in(e, group), &bit);
        if (result == -ENOSPC) {
            g->free_blocks = 0; /* the count was wrong */
            continue;
        }
        if (result)
            return result;
        g->free_blocks--;
        g->changed = true;
        if (e->free_blocks)
            e->free_blocks--;
        *out = e->first_block + group * e->blocks_per_group + bit;
        return ext2_is_block(e, *out) ? 0 : ext2_damaged(e, "the superblock counts as free", *out);
    }
    return -ENOSPC;
}

int ext2_allocate_block(struct ext2 *e, uint32_t goal, uint32_t *out) {
    int result = allocate_block(e, goal, out);
    if (result != -ENOSPC || !(e->freed_blocks.count || e->drops.count))
        return result;
    result = ext2_settle(e); /* what waits for a commit is needed now */
    return result ? result : allocate_block(e, goal, out);
}

/* A directory goes where most room is, so that what comes into it has room beside it; a file to its directory. */
static uint32_t best_group(const struct ext2 *e, uint32_t parent, bool directory) {
    uint32_t best = (parent - 1) / e->inodes_per_group;
    for (uint32_t g = 0; directory && g < e->group_count; g++)
        if (e->groups[g].free_inodes && e->groups[g].free_blocks > e->groups[best].free_blocks)
            best = g;
    return best;
}

static int allocate_inode(struct ext2 *e, uint32_t group, bool directory, uint32_t *out) {
    for (uint32_t i = 0; i < e->group_count; i++, group = (group + 1) % e->group_count) {
        struct ext2_group *g = &e->groups[group];
        uint32_t reserved = group == 0 ? e->first_inode - 1 : 0, bit;
        if (!g->free_inodes || reserved >= e->inodes_per_group)
            continue;
        int result = take_bit(e, g->inode_bitmap, reserved, e->inodes_per_group, &bit);
        if (result == 0 && bit < reserved)
            result = ext2_damaged(e, "a reserved inode counts as free", bit + 1);
        if (result == -ENOSPC) {
            g->free_inodes = 0;
            continue;
        }
        if (result)
            return result;
        g->free_inodes--;
        g->directories += directory;
        g->changed = true;
        if (e->free_inodes)
            e->free_inodes--;
        *out = group * e->inodes_per_group + bit + 1;
        return 0;
    }
    return -ENOSPC;
}

int ext2_allocate_inode(struct ext2 *e, uint32_t parent, bool directory, uint32_t *out) {
    int result = allocate_inode(e, best_group(e, parent, directory), directory, out);
    if (result != -ENOSPC || !(e->freed_inodes.count || e->drops.count))
        return result;
    result = ext2_settle(e);
    return result ? result : allocate_inode(e, best_group(e, parent, directory), directory, out);
}

void ext2_release(struct ext2 *e, const struct ext2_extent *extent) {
    for (uint32_t i = 0; i < extent->count; i++) {
        uint32_t n = extent->start + i - e->first_block, group = n / e->blocks_per_group;
        if (give_bit(e, e->groups[group].block_bitmap, n % e->blocks_per_group))
            return;
        e->groups[group].free_blocks++;
        e->groups[group].changed = true;
        e->free_blocks++;
    }
}

void ext2_release_inode(struct ext2 *e, const struct ext2_freed_inode *freed) {
    uint32_t group = (freed->ino - 1) / e->inodes_per_group;
    struct ext2_group *g = &e->groups[group];
    if (give_bit(e, g->inode_bitmap, (freed->ino - 1) % e->inodes_per_group))
        return;
    g->free_inodes++;
    if (freed->directory && g->directories)
        g->directories--;
    g->changed = true;
    e->free_inodes++;
}

static int count_clear(struct ext2 *e, uint32_t bitmap, uint32_t bits, uint32_t *count) {
    struct cache_page *page;
    uint8_t *data;
    int result = ext2_block(e, bitmap, &page, &data);
    if (result)
        return result;
    *count = 0;
    for (uint32_t i = find_clear(data, 0, bits); i < bits; i = find_clear(data, i + 1, bits))
        ++*count;
    cache_put(e->cache, page);
    return 0;
}

int ext2_count_free(struct ext2 *e) {
    e->free_blocks = e->free_inodes = 0;
    for (uint32_t group = 0; group < e->group_count; group++) {
        struct ext2_group *g = &e->groups[group];
        int result = count_clear(e, g->block_bitmap, blocks_in(e, group), &g->free_blocks);
        if (result == 0)
            result = count_clear(e, g->inode_bitmap, e->inodes_per_group, &g->free_inodes);
        if (result)
            return result;
        g->changed = true;
        e->free_blocks += g->free_blocks;
        e->free_inodes += g->free_inodes;
    }
    return 0;
}
