/* ext2: making an empty file system. All groups but the last have the same size; each has its bitmaps and its part of
 * the inode table at its beginning, behind a copy of the superblock where there is one. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/string.h>
#include "ext2.h"

#define SMALL_DISK MB(64)    /* below it blocks of 1 KB waste less than blocks of 4 KB */
#define LEAST_DISK KB(64)
#define BYTES_PER_INODE 16384u
#define MOST_INODES (1u << 22) /* so the tables, which are written now, take 1 GB at most: large disks hold large files */
#define NEW_INODE_BYTES 256u
#define LOST_FOUND_INO 11u
#define LEAST_GROUP 64u      /* blocks behind the overhead that make a last group worth while */

struct format {
    struct cache *cache;
    uint64_t bytes;
    uint32_t block_bytes, first_block, blocks, per_group, groups;
    uint32_t inodes_per_group, table_blocks, descriptor_blocks;
    uint8_t super[EXT2_SUPER_BYTES];
};

/* Copies of the superblock lie in groups 0 and 1 and the powers of 3, 5 and 7. */
static bool has_super(uint32_t group) {
    if (group <= 1)
        return true;
    for (uint32_t base = 3; base <= 7; base += 2)
        for (uint64_t power = base; power <= group; power *= base)
            if (power == group)
                return true;
    return false;
}

static uint32_t group_start(const struct format *f, uint32_t group) {
    return f->first_block + group * f->per_group;
}

static uint32_t group_blocks(const struct format *f, uint32_t group) {
    uint32_t left = f->blocks - group_start(f, group);
    return left < f->per_group ? left : f->per_group;
}

static uint32_t copies(const struct format *f, uint32_t group) {
    return has_super(group) ? 1 + f->descriptor_blocks : 0;
}

/* Blocks of a group that are in use from the start. */
static uint32_t overhead(const struct format *f, uint32_t group) {
    return copies(f, group) + 2 + f->table_blocks;
}

static void plan_inodes(struct format *f) {
    uint32_t per_block = f->block_bytes / NEW_INODE_BYTES;
    uint64_t inodes = f->bytes / BYTES_PER_INODE;
    uint64_t wanted = (inodes < MOST_INODES ? inodes : MOST_INODES) / f->groups + 1;
    f->inodes_per_group = (uint32_t)ALIGN_UP(wanted < 16 ? 16 : wanted, per_block < 8 ? 8 : per_block);
    if (f->inodes_per_group > 8 * f->block_bytes)
        f->inodes_per_group = 8 * f->block_bytes;
    f->table_blocks = f->inodes_per_group / per_block;
    f->descriptor_blocks = (f->groups * EXT2_GROUP_BYTES + f->block_bytes - 1) / f->block_bytes;
}

static int plan(struct format *f, const block_device_t *disk) {
    f->bytes = disk->sectors * BLOCK_SECTOR;
    f->block_bytes = f->bytes < SMALL_DISK ? 1024 : 4096;
    f->first_block = f->block_bytes == 1024;
    f->per_group = 8 * f->block_bytes;
    if (f->bytes < LEAST_DISK || f->bytes / f->block_bytes > UINT32_MAX)
        return -EINVAL;
    f->blocks = (uint32_t)(f->bytes / f->block_bytes);
    f->groups = (f->blocks - f->first_block - 1) / f->per_group + 1;
    plan_inodes(f);
    if (f->groups > 1 && group_blocks(f, f->groups - 1) < overhead(f, f->groups - 1) + LEAST_GROUP) {
        f->blocks = group_start(f, --f->groups); /* the rest of the disk stays unused */
        plan_inodes(f);
    }
    return group_blocks(f, 0) > overhead(f, 0) + 2 ? 0 : -EINVAL;
}

/* A new block of zeros in the cache, until put_block(). */
static uint8_t *get_block(struct format *f, uint32_t block, struct cache_page **page) {
    uint64_t position = (uint64_t)block * f->block_bytes;
    if (cache_is_crowded(f->cache) && cache_write_back(f->cache))
        return NULL;
    int result = cache_get_new(f->cache, position / CACHE_PAGE, position % CACHE_PAGE, f->block_bytes, page);
    return result ? NULL : (*page)->data + position % CACHE_PAGE;
}

static void put_block(struct format *f, struct cache_page *page, const uint8_t *data) {
    cache_changed(page, (size_t)(data - page->data), f->block_bytes, STAGE_MAPS);
    cache_put(f->cache, page);
}

static void set_bits(uint8_t *bits, uint32_t from, uint32_t to) {
    for (; from < to && from % 8; from++)
        bits[from / 8] |= (uint8_t)(1 << from % 8);
    for (; from + 8 <= to; from += 8)
        bits[from / 8] = 0xFF;
    for (; from < to; from++)
        bits[from / 8] |= (uint8_t)(1 << from % 8);
}

static uint32_t used_blocks(const struct format *f, uint32_t group) {
    return overhead(f, group) + (group == 0 ? 2 : 0); /* the two directories */
}

static int write_maps(struct format *f, uint32_t group) {
    struct cache_page *page;
    uint32_t bitmap = group_start(f, group) + copies(f, group);
    uint8_t *bits = get_block(f, bitmap, &page);
    if (!bits)
        return -EIO;
    set_bits(bits, 0, used_blocks(f, group));
    set_bits(bits, group_blocks(f, group), 8 * f->block_bytes);
    put_block(f, page, bits);
    bits = get_block(f, bitmap + 1, &page);
    if (!bits)
        return -EIO;
    set_bits(bits, 0, group == 0 ? LOST_FOUND_INO : 0);
    set_bits(bits, f->inodes_per_group, 8 * f->block_bytes);
    put_block(f, page, bits);
    for (uint32_t i = 0; i < f->table_blocks; i++) {
        uint8_t *table = get_block(f, bitmap + 2 + i, &page);
        if (!table)
            return -EIO;
        put_block(f, page, table);
    }
    return 0;
}

static void fill_descriptor(const struct format *f, uint32_t group, uint8_t *d) {
    uint32_t bitmap = group_start(f, group) + copies(f, group);
    put32(d + GD_BLOCK_BITMAP, bitmap);
    put32(d + GD_INODE_BITMAP, bitmap + 1);
    put32(d + GD_INODE_TABLE, bitmap + 2);
    put16(d + GD_FREE_BLOCKS, (uint16_t)(group_blocks(f, group) - used_blocks(f, group)));
    put16(d + GD_FREE_INODES, (uint16_t)(f->inodes_per_group - (group == 0 ? LOST_FOUND_INO : 0)));
    put16(d + GD_DIRECTORIES, group == 0 ? 2 : 0);
}

static int write_descriptors(struct format *f, uint32_t first) {
    uint32_t per_block = f->block_bytes / EXT2_GROUP_BYTES;
    for (uint32_t b = 0; b < f->descriptor_blocks; b++) {
        struct cache_page *page;
        uint8_t *data = get_block(f, first + b, &page);
        if (!data)
            return -EIO;
        for (uint32_t i = 0; i < per_block && b * per_block + i < f->groups; i++)
            fill_descriptor(f, b * per_block + i, data + (size_t)i * EXT2_GROUP_BYTES);
        put_block(f, page, data);
    }
    return 0;
}

static void fill_super(struct format *f, const char *label) {
    uint8_t *s = f->super;
    uint32_t free_blocks = 0, now = (uint32_t)fs_now(), inodes = f->groups * f->inodes_per_group;
    for (uint32_t g = 0; g < f->groups; g++)
        free_blocks += group_blocks(f, g) - used_blocks(f, g);
    memset(s, 0, sizeof f->super);
    put32(s + SB_INODES, inodes), put32(s + SB_BLOCKS, f->blocks);
    put32(s + SB_RESERVED_BLOCKS, 0);
    put32(s + SB_FREE_BLOCKS, free_blocks), put32(s + SB_FREE_INODES, inodes - LOST_FOUND_INO);
    put32(s + SB_FIRST_BLOCK, f->first_block);
    put32(s + SB_LOG_BLOCK, f->block_bytes == 1024 ? 0 : 2), put32(s + SB_LOG_FRAGMENT, f->block_bytes == 1024 ? 0 : 2);
    put32(s + SB_BLOCKS_PER_GROUP, f->per_group), put32(s + SB_FRAGMENTS_PER_GROUP, f->per_group);
    put32(s + SB_INODES_PER_GROUP, f->inodes_per_group);
    put32(s + SB_WRITE_TIME, now), put32(s + SB_LAST_CHECK, now);
    put16(s + SB_MOST_MOUNTS, 0xFFFF);
    put16(s + SB_MAGIC, EXT2_MAGIC), put16(s + SB_STATE, EXT2_STATE_CLEAN), put16(s + SB_ON_ERRORS, 1);
    put32(s + SB_REVISION, 1), put32(s + SB_FIRST_INODE, LOST_FOUND_INO), put16(s + SB_INODE_SIZE, NEW_INODE_BYTES);
    put32(s + SB_INCOMPATIBLE, EXT2_FILETYPE), put32(s + SB_READ_ONLY, EXT2_SPARSE_SUPER | EXT2_LARGE_FILE);
    random_bytes(s + SB_UUID, 16);
    s[SB_UUID + 6] = (uint8_t)((s[SB_UUID + 6] & 0x0F) | 0x40); /* a random identifier, as RFC 9562 marks it */
    s[SB_UUID + 8] = (uint8_t)((s[SB_UUID + 8] & 0x3F) | 0x80);
    memcpy(s + SB_LABEL, label, strnlen(label, SB_LABEL_BYTES));
}

static int write_super(struct format *f, uint32_t group) {
    struct cache_page *page;
    uint64_t position = group == 0 ? EXT2_SUPER_OFFSET : (uint64_t)group_start(f, group) * f->block_bytes;
    if (cache_get(f->cache, position / CACHE_PAGE, &page))
        return -EIO;
    put16(f->super + SB_GROUP, (uint16_t)group);
    memcpy(page->data + position % CACHE_PAGE, f->super, EXT2_SUPER_BYTES);
    cache_changed(page, (size_t)(position % CACHE_PAGE), EXT2_SUPER_BYTES, STAGE_MAPS);
    cache_put(f->cache, page);
    return write_descriptors(f, group_start(f, group) + 1);
}

static void fill_directory_inode(const struct format *f, uint8_t *raw, uint32_t mode, uint32_t links, uint32_t block) {
    uint32_t now = (uint32_t)fs_now();
    put16(raw + IN_MODE, (uint16_t)(S_IFDIR | mode)), put16(raw + IN_LINKS, (uint16_t)links);
    put32(raw + IN_SIZE, f->block_bytes), put32(raw + IN_SECTORS, f->block_bytes / BLOCK_SECTOR);
    put32(raw + IN_ATIME, now), put32(raw + IN_CTIME, now), put32(raw + IN_MTIME, now);
    put32(raw + IN_BLOCK, block);
}

static uint8_t *put_name(uint8_t *d, uint32_t ino, uint32_t length, const char *name) {
    put32(d + DE_INODE, ino), put16(d + DE_LENGTH, (uint16_t)length);
    d[DE_NAME_LENGTH] = (uint8_t)strlen(name);
    d[DE_TYPE] = 2;
    memcpy(d + DE_NAME, name, strlen(name));
    return d + length;
}

/* The root and lost+found, which e2fsck puts what it finds into. */
static int write_root(struct format *f) {
    struct cache_page *page;
    uint32_t table = copies(f, 0) + 2 + f->first_block, root = f->first_block + overhead(f, 0), lost = root + 1;
    uint32_t per_block = f->block_bytes / NEW_INODE_BYTES;
    for (uint32_t ino = EXT2_ROOT_INO; ino <= LOST_FOUND_INO; ino += LOST_FOUND_INO - EXT2_ROOT_INO) {
        uint64_t position = (uint64_t)(table + (ino - 1) / per_block) * f->block_bytes;
        if (cache_get(f->cache, position / CACHE_PAGE, &page))
            return -EIO;
        uint8_t *raw = page->data + position % CACHE_PAGE + (size_t)((ino - 1) % per_block) * NEW_INODE_BYTES;
        bool is_root = ino == EXT2_ROOT_INO;
        fill_directory_inode(f, raw, is_root ? 0755 : 0700, is_root ? 3 : 2, is_root ? root : lost);
        cache_changed(page, (size_t)(raw - page->data), NEW_INODE_BYTES, STAGE_MAPS);
        cache_put(f->cache, page);
    }
    uint8_t *d = get_block(f, root, &page), *block = d;
    if (!d)
        return -EIO;
    d = put_name(d, EXT2_ROOT_INO, 12, ".");
    d = put_name(d, EXT2_ROOT_INO, 12, "..");
    put_name(d, LOST_FOUND_INO, f->block_bytes - 24, "lost+found");
    put_block(f, page, block);
    d = block = get_block(f, lost, &page);
    if (!d)
        return -EIO;
    d = put_name(d, LOST_FOUND_INO, 12, ".");
    put_name(d, EXT2_ROOT_INO, f->block_bytes - 12, "..");
    put_block(f, page, block);
    return 0;
}

static int write_all(struct format *f, const char *label) {
    int result = 0;
    fill_super(f, label);
    for (uint32_t g = 0; g < f->groups && result == 0; g++)
        result = write_maps(f, g);
    for (uint32_t g = f->groups; g-- && result == 0;) /* the first one last: then all the others are there */
        if (has_super(g))
            result = write_super(f, g);
    if (result == 0)
        result = write_root(f);
    return result == 0 ? cache_write_back(f->cache) : result;
}

int ext2_format(block_device_t *disk, const char *label) {
    struct shield shield;
    struct format *f = kzalloc(sizeof *f);
    if (!f)
        return -ENOMEM;
    shield_up(&shield);
    namespace_lock();
    int result = disk_is_mounted(disk) ? -EBUSY : disk->read_only ? -EROFS : plan(f, disk);
    if (result == 0) {
        f->cache = cache_create(disk);
        result = f->cache ? write_all(f, label) : -ENOMEM;
        if (f->cache)
            cache_destroy(f->cache);
    }
    namespace_unlock();
    shield_down(&shield);
    kfree(f);
    return result;
}
