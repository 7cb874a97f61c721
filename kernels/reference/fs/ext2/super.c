/* ext2: mounting. The superblock and the groups are checked so far that nothing else has to ask again where the
 * bitmaps and inode tables lie; a disk with features that this code does not know is refused or only read. */
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "ext2.h"

int ext2_damaged(struct ext2 *e, const char *what, uint64_t where) {
    if (!e->failed)
        log_error("FS", "ext2 on %s is damaged: %s (%lu); it is read-only now", e->fs->disk->name, what, where);
    e->failed = true;
    e->fs->read_only = true;
    return -EIO;
}

bool ext2_is_block(const struct ext2 *e, uint32_t block) {
    return block > e->first_block && block < e->blocks;
}

static int get_block(struct ext2 *e, uint32_t block, bool fresh, struct cache_page **page, uint8_t **data) {
    if (block < e->first_block || block >= e->blocks)
        return ext2_damaged(e, "there is no block of this number", block);
    uint64_t position = (uint64_t)block * e->block_bytes;
    int result = fresh ? cache_get_new(e->cache, position / CACHE_PAGE, position % CACHE_PAGE, e->block_bytes, page)
                       : cache_get(e->cache, position / CACHE_PAGE, page);
    if (result)
        return result == -EINVAL ? -EIO : result;
    *data = (*page)->data + position % CACHE_PAGE;
    return 0;
}

int ext2_block(struct ext2 *e, uint32_t block, struct cache_page **page, uint8_t **data) {
    return get_block(e, block, false, page, data);
}

int ext2_block_new(struct ext2 *e, uint32_t block, struct cache_page **page, uint8_t **data) {
    return get_block(e, block, true, page, data);
}

void ext2_changed(struct ext2 *e, struct cache_page *page, const uint8_t *data, enum cache_stage stage) {
    cache_changed(page, (size_t)(data - page->data), e->block_bytes, stage);
}

/* The block of the group descriptors that has the one of a group, and where in it. */
static int descriptor(struct ext2 *e, uint32_t group, struct cache_page **page, uint8_t **data) {
    uint32_t per_block = e->block_bytes / EXT2_GROUP_BYTES;
    int result = ext2_block(e, e->first_block + 1 + group / per_block, page, data);
    if (result == 0)
        *data += (size_t)(group % per_block) * EXT2_GROUP_BYTES;
    return result;
}

int ext2_write_super(struct ext2 *e) {
    struct cache_page *page;
    uint8_t *d;
    for (uint32_t g = 0; g < e->group_count; g++) {
        struct ext2_group *group = &e->groups[g];
        if (!group->changed)
            continue;
        int result = descriptor(e, g, &page, &d);
        if (result)
            return result;
        put16(d + GD_FREE_BLOCKS, (uint16_t)group->free_blocks);
        put16(d + GD_FREE_INODES, (uint16_t)group->free_inodes);
        put16(d + GD_DIRECTORIES, (uint16_t)group->directories);
        cache_changed(page, (size_t)(d - page->data), EXT2_GROUP_BYTES, STAGE_MAPS);
        cache_put(e->cache, page);
        group->changed = false;
        e->super_changed = true;
    }
    if (!e->super_changed)
        return 0;
    put32(e->super + SB_FREE_BLOCKS, (uint32_t)e->free_blocks);
    put32(e->super + SB_FREE_INODES, (uint32_t)e->free_inodes);
    put32(e->super + SB_WRITE_TIME, (uint32_t)fs_now());
    int result = cache_get(e->cache, EXT2_SUPER_OFFSET / CACHE_PAGE, &page);
    if (result)
        return result;
    memcpy(page->data + EXT2_SUPER_OFFSET % CACHE_PAGE, e->super, EXT2_SUPER_BYTES);
    cache_changed(page, EXT2_SUPER_OFFSET % CACHE_PAGE, EXT2_SUPER_BYTES, STAGE_MAPS);
    cache_put(e->cache, page);
    e->super_changed = false;
    return 0;
}

/* What the superblock says, if it makes sense: NULL, or why not. */
static const char *read_super(struct ext2 *e) {
    const uint8_t *s = e->super;
    uint32_t log_block = get32(s + SB_LOG_BLOCK), revision = get32(s + SB_REVISION);
    if (get16(s + SB_MAGIC) != EXT2_MAGIC)
        return "";
    if (log_block > 2)
        return "blocks larger than 4 KB are not supported";
    e->block_bytes = 1024u << log_block;
    e->blocks = get32(s + SB_BLOCKS);
    e->first_block = get32(s + SB_FIRST_BLOCK);
    e->blocks_per_group = get32(s + SB_BLOCKS_PER_GROUP);
    e->inodes = get32(s + SB_INODES);
    e->inodes_per_group = get32(s + SB_INODES_PER_GROUP);
    e->inode_bytes = revision ? get16(s + SB_INODE_SIZE) : EXT2_OLD_INODE_BYTES;
    e->first_inode = revision ? get32(s + SB_FIRST_INODE) : EXT2_OLD_FIRST_INO;
    uint32_t unknown = revision ? get32(s + SB_INCOMPATIBLE) & ~(uint32_t)EXT2_FILETYPE : 0;
    if (unknown) {
        static char why[64];
        ksnprintf(why, sizeof why, "features 0x%X of a later file system", unknown);
        return why;
    }
    e->has_types = revision && get32(s + SB_INCOMPATIBLE) & EXT2_FILETYPE;
    if (e->first_block != (e->block_bytes == 1024) || e->blocks <= e->first_block + 1 ||
        e->blocks > e->fs->disk->sectors / (e->block_bytes / BLOCK_SECTOR))
        return "it does not fit on the disk";
    if (!e->blocks_per_group || e->blocks_per_group > 8 * e->block_bytes || !e->inodes_per_group ||
        e->inodes_per_group > 8 * e->block_bytes || e->inode_bytes < EXT2_OLD_INODE_BYTES ||
        e->inode_bytes > e->block_bytes || (e->inode_bytes & (e->inode_bytes - 1)) || e->first_inode < EXT2_OLD_FIRST_INO ||
        e->first_inode > e->inodes)
        return "its superblock contradicts itself";
    e->group_count = (e->blocks - e->first_block - 1) / e->blocks_per_group + 1;
    if ((uint64_t)e->inodes != (uint64_t)e->group_count * e->inodes_per_group)
        return "its number of inodes is wrong";
    return NULL;
}

static const char *read_groups(struct ext2 *e) {
    uint32_t table_blocks = (e->inodes_per_group * e->inode_bytes + e->block_bytes - 1) / e->block_bytes;
    uint32_t descriptors = (e->group_count * EXT2_GROUP_BYTES + e->block_bytes - 1) / e->block_bytes;
    e->groups = kzalloc(e->group_count * sizeof e->groups[0]);
    if (!e->groups)
        return "not enough memory for its groups";
    if (descriptors >= e->blocks - e->first_block - 1)
        return "its groups do not fit";
    for (uint32_t g = 0; g < e->group_count; g++) {
        struct cache_page *page;
        uint8_t *d;
        if (descriptor(e, g, &page, &d))
            return "its groups cannot be read";
        struct ext2_group *group = &e->groups[g];
        *group = (struct ext2_group){
            .block_bitmap = get32(d + GD_BLOCK_BITMAP), .inode_bitmap = get32(d + GD_INODE_BITMAP),
            .inode_table = get32(d + GD_INODE_TABLE), .free_blocks = get16(d + GD_FREE_BLOCKS),
            .free_inodes = get16(d + GD_FREE_INODES), .directories = get16(d + GD_DIRECTORIES)};
        cache_put(e->cache, page);
        if (!ext2_is_block(e, group->block_bitmap) || !ext2_is_block(e, group->inode_bitmap) ||
            !ext2_is_block(e, group->inode_table) || table_blocks > e->blocks - group->inode_table)
            return "the place of a bitmap or inode table is wrong";
        e->free_blocks += group->free_blocks;
        e->free_inodes += group->free_inodes;
    }
    return NULL;
}

/* May this disk be changed? If not, says why. */
static void check_writable(struct ext2 *e) {
    uint32_t unknown = get32(e->super + SB_READ_ONLY) & ~(uint32_t)(EXT2_SPARSE_SUPER | EXT2_LARGE_FILE);
    const char *why = e->fs->disk->read_only                            ? "the disk is"
                      : get32(e->super + SB_REVISION) && unknown        ? "it has features of a later file system"
                      : get16(e->super + SB_STATE) & EXT2_STATE_ERRORS ? "it has errors, which e2fsck repairs"
                                                                        : NULL;
    if (!why || e->fs->read_only)
        return;
    log_warn("FS", "ext2 on %s is mounted read-only: %s", e->fs->disk->name, why);
    e->fs->read_only = true;
}

/* From now on the disk says that it is in use: after a power cut e2fsck looks through it. */
static int start_writing(struct ext2 *e) {
    if (!(get16(e->super + SB_STATE) & EXT2_STATE_CLEAN)) {
        log_warn("FS", "ext2 on %s was not unmounted; what was lost takes room until e2fsck has run", e->fs->disk->name);
        int result = ext2_count_free(e);
        if (result)
            return result;
    }
    put16(e->super + SB_STATE, get16(e->super + SB_STATE) & ~(uint16_t)EXT2_STATE_CLEAN);
    put16(e->super + SB_MOUNTS, (uint16_t)(get16(e->super + SB_MOUNTS) + 1));
    put32(e->super + SB_MOUNT_TIME, (uint32_t)fs_now());
    e->super_changed = true;
    return ext2_commit(e);
}

static void forget(struct ext2 *e) {
    if (e->cache)
        cache_destroy(e->cache);
    kfree(e->groups);
    kfree(e->freed_blocks.items);
    kfree(e->freed_inodes.items);
    kfree(e->drops.items);
    kfree(e);
}

static int freeze(struct filesystem *fs) {
    struct ext2 *e = fs->data;
    if (fs->read_only)
        return 0;
    int result = ext2_settle(e);
    if (result == 0 && !e->failed) {
        put16(e->super + SB_STATE, get16(e->super + SB_STATE) | EXT2_STATE_CLEAN);
        e->super_changed = true;
        result = ext2_commit(e);
    }
    fs->read_only = true;
    return result;
}

static int unmount(struct filesystem *fs) {
    int result = freeze(fs);
    forget(fs->data);
    return result;
}

static int usage(struct filesystem *fs, struct fs_usage *out) {
    const struct ext2 *e = fs->data;
    uint64_t overhead = (uint64_t)e->group_count * (2 + e->inodes_per_group * e->inode_bytes / e->block_bytes);
    uint64_t free = e->free_blocks + e->freed_sum, total = e->blocks > overhead ? e->blocks - overhead : 0;
    out->bytes_free = free * e->block_bytes;
    out->bytes_total = (total > free ? total : free) * e->block_bytes;
    out->files_total = e->inodes;
    out->files_free = e->free_inodes + e->freed_inodes.count;
    return 0;
}

static int sync(struct filesystem *fs) {
    return fs->read_only ? 0 : ext2_settle(fs->data);
}

static const struct fs_ops ops = {
    .read_inode = ext2_read_inode, .evict = ext2_evict, .lookup = ext2_lookup, .readdir = ext2_readdir,
    .read = ext2_read, .readlink = ext2_readlink, .write = ext2_write, .truncate = ext2_truncate,
    .create = ext2_create, .link = ext2_link, .unlink = ext2_unlink, .rename = ext2_rename, .is_empty = ext2_is_empty,
    .sync = sync, .usage = usage, .freeze = freeze, .unmount = unmount,
};

static const char *open_disk(struct ext2 *e) {
    struct cache_page *page;
    e->cache = cache_create(e->fs->disk);
    if (!e->cache || cache_get(e->cache, EXT2_SUPER_OFFSET / CACHE_PAGE, &page))
        return "its superblock cannot be read";
    memcpy(e->super, page->data + EXT2_SUPER_OFFSET % CACHE_PAGE, EXT2_SUPER_BYTES);
    cache_put(e->cache, page);
    const char *why = read_super(e);
    return why ? why : read_groups(e);
}

static int mount(struct filesystem *fs) {
    struct ext2 *e = kzalloc(sizeof *e);
    if (!e)
        return -ENOMEM;
    e->fs = fs;
    fs->data = e;
    fs->ops = &ops;
    fs->root_ino = EXT2_ROOT_INO;
    if (fs->disk->sectors < 2 * (EXT2_SUPER_OFFSET + EXT2_SUPER_BYTES) / BLOCK_SECTOR) {
        forget(e);
        return -ENODEV;
    }
    const char *why = open_disk(e);
    if (why) {
        if (*why)
            log_error("FS", "ext2 on %s is not mounted: %s", fs->disk->name, why);
        forget(e);
        return *why ? -EINVAL : -ENODEV;
    }
    check_writable(e);
    int result = fs->read_only ? 0 : start_writing(e);
    if (result)
        forget(e);
    return result;
}

struct fs_type ext2_type = {.name = "ext2", .flags = FS_NEEDS_DISK, .mount = mount};

/* Before the first disk is mounted, which is at INIT_FS. */
static void ext2_register(void) {
    fs_register_type(&ext2_type);
}
INITCALL(INIT_DEV, ext2_register);
