/* ext2: from a block of a file to a block of the disk. The inode names twelve blocks itself; further ones are named by
 * blocks full of numbers, in trees one, two and three levels deep. */
#include <auton/string.h>
#include "ext2.h"

#define MOST_LEVELS 3

static uint32_t numbers_in(const struct ext2 *e) {
    return e->block_bytes / 4;
}

uint64_t ext2_most_blocks(const struct ext2 *e) {
    uint64_t n = numbers_in(e);
    return EXT2_DIRECT + n + n * n + n * n * n;
}

/* The way to block `n`: which number of the inode, then which in each block of numbers. Returns the levels. */
static int way_to(const struct ext2 *e, uint64_t n, uint32_t *way) {
    uint64_t per = numbers_in(e), span = per;
    if (n < EXT2_DIRECT) {
        way[0] = (uint32_t)n;
        return 0;
    }
    n -= EXT2_DIRECT;
    for (int levels = 1; levels <= MOST_LEVELS; levels++, span *= per) {
        if (n >= span) {
            n -= span;
            continue;
        }
        way[0] = (uint32_t)(EXT2_DIRECT + levels - 1);
        for (int level = levels; level; level--, n /= per)
            way[level] = (uint32_t)(n % per);
        return levels;
    }
    return -EFBIG;
}

/* A new block for the file; one for numbers is zeros. */
static int allocate(struct inode *inode, bool for_numbers, uint32_t *out) {
    struct ext2 *e = ext2_of(inode);
    struct ext2_inode *i = ext2_inode_of(inode);
    struct cache_page *page;
    uint8_t *data;
    uint32_t group_start = e->first_block + (uint32_t)(inode->ino - 1) / e->inodes_per_group * e->blocks_per_group;
    int result = ext2_allocate_block(e, i->goal ? i->goal : group_start, out);
    if (result == 0 && for_numbers && (result = ext2_block_new(e, *out, &page, &data)) == 0) {
        ext2_changed(e, page, data, STAGE_DATA);
        cache_put(e->cache, page);
    }
    if (result)
        return result;
    i->goal = *out + 1;
    inode->blocks += e->block_bytes / BLOCK_SECTOR;
    return 0;
}

static int read_number(struct ext2 *e, uint32_t block, uint32_t place, uint32_t *number) {
    struct cache_page *page;
    uint8_t *data;
    int result = ext2_block(e, block, &page, &data);
    if (result)
        return result;
    *number = get32(data + 4 * (size_t)place);
    cache_put(e->cache, page);
    return 0;
}

static int write_number(struct ext2 *e, uint32_t block, uint32_t place, uint32_t number) {
    struct cache_page *page;
    uint8_t *data;
    int result = ext2_block(e, block, &page, &data);
    if (result)
        return result;
    put32(data + 4 * (size_t)place, number);
    ext2_changed(e, page, data, STAGE_DATA);
    cache_put(e->cache, page);
    return 0;
}

int ext2_map(struct inode *inode, uint64_t n, bool fill, uint32_t *out, bool *fresh) {
    struct ext2 *e = ext2_of(inode);
    uint32_t way[MOST_LEVELS + 1], above = 0;
    int levels = way_to(e, n, way);
    if (levels < 0)
        return levels;
    *fresh = false;
    for (int level = 0; level <= levels; level++) {
        uint32_t *numbers = ext2_inode_of(inode)->block, number;
        int result = 0;
        if (level == 0)
            number = get32(&numbers[way[0]]);
        else
            result = read_number(e, above, way[level], &number);
        if (result == 0 && !number) {
            if (!fill) {
                *out = 0;
                return 0;
            }
            result = allocate(inode, level < levels, &number);
            if (result == 0 && level == 0)
                put32(&numbers[way[0]], number);
            else if (result == 0)
                result = write_number(e, above, way[level], number);
            *fresh = level == levels;
        }
        if (result)
            return result;
        if (!ext2_is_block(e, number))
            return ext2_damaged(e, "a file has a block of this number", number);
        above = number;
    }
    *out = above;
    return 0;
}

/* How much more may be freed: a damaged disk may have trees in which a block comes again and again. */
struct shrink {
    struct inode *inode;
    uint64_t keep;   /* blocks of the file that stay */
    uint64_t budget;
};

static int free_one(struct shrink *s, uint32_t block) {
    struct ext2 *e = ext2_of(s->inode);
    uint32_t sectors = e->block_bytes / BLOCK_SECTOR;
    if (!s->budget--)
        return ext2_damaged(e, "a file has more blocks than the disk", s->inode->ino);
    s->inode->blocks -= s->inode->blocks < sectors ? s->inode->blocks : sectors;
    return ext2_free_block(e, block);
}

/* Frees what `block`, `levels` above the contents, leads to from the blocks to keep on; itself when nothing is left.
 * `first` is the file's block that it begins with, `span` how many each of its numbers stands for. */
static int free_tree(struct shrink *s, uint32_t block, int levels, uint64_t first, uint64_t span) {
    struct ext2 *e = ext2_of(s->inode);
    struct cache_page *page;
    uint8_t *data;
    if (levels == 0)
        return free_one(s, block);
    int result = ext2_block(e, block, &page, &data);
    if (result)
        return result;
    for (uint32_t i = 0; i < numbers_in(e) && result == 0; i++) {
        uint64_t start = first + i * span;
        uint32_t number = get32(data + 4 * (size_t)i);
        if (!number || start + span <= s->keep)
            continue;
        result = free_tree(s, number, levels - 1, start, span / numbers_in(e));
        if (result == 0 && start >= s->keep && first < s->keep) {
            put32(data + 4 * (size_t)i, 0);
            ext2_changed(e, page, data, STAGE_DATA);
        }
    }
    cache_put(e->cache, page);
    return result == 0 && first >= s->keep ? free_one(s, block) : result;
}

int ext2_shrink(struct inode *inode, uint64_t keep) {
    struct ext2 *e = ext2_of(inode);
    struct ext2_inode *i = ext2_inode_of(inode);
    struct shrink s = {inode, keep, e->blocks};
    uint64_t first = 0, span = 1;
    int result = 0;
    for (uint32_t p = 0; p < EXT2_POINTERS && result == 0; p++) {
        int levels = p < EXT2_DIRECT ? 0 : (int)(p - EXT2_DIRECT + 1);
        if (levels)
            span *= numbers_in(e);
        uint32_t number = get32(&i->block[p]);
        if (number && first + span > keep) {
            result = free_tree(&s, number, levels, first, levels ? span / numbers_in(e) : 1);
            if (result == 0 && first >= keep)
                put32(&i->block[p], 0);
        }
        first += span;
    }
    i->goal = 0;
    return result;
}
