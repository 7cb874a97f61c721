/* ext2: inodes, between their place in the table on the disk and struct inode. */
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/string.h>
#include "ext2.h"

/* The inode in its table. */
static int find_raw(struct ext2 *e, uint64_t ino, struct cache_page **page, uint8_t **raw) {
    if (ino == 0 || ino > e->inodes)
        return -ENOENT;
    uint32_t n = (uint32_t)(ino - 1), per_block = e->block_bytes / e->inode_bytes, in_group = n % e->inodes_per_group;
    int result = ext2_block(e, e->groups[n / e->inodes_per_group].inode_table + in_group / per_block, page, raw);
    if (result == 0)
        *raw += (size_t)(in_group % per_block) * e->inode_bytes;
    return result;
}

static void raw_changed(struct ext2 *e, struct cache_page *page, const uint8_t *raw) {
    cache_changed(page, (size_t)(raw - page->data), e->inode_bytes, STAGE_INODES);
}

bool ext2_is_fast_link(const struct inode *inode) {
    uint64_t other = ext2_inode_of(inode)->attributes ? ext2_of(inode)->block_bytes / BLOCK_SECTOR : 0;
    return S_ISLNK(inode->mode) && inode->blocks == other;
}

static bool has_blocks(const struct inode *inode) {
    return S_ISREG(inode->mode) || S_ISDIR(inode->mode) || (S_ISLNK(inode->mode) && !ext2_is_fast_link(inode));
}

int ext2_read_inode(struct inode *inode) {
    struct ext2 *e = ext2_of(inode);
    struct cache_page *page;
    uint8_t *raw;
    int result = find_raw(e, inode->ino, &page, &raw);
    if (result)
        return result;
    uint32_t links = get16(raw + IN_LINKS), drops = ext2_dropped(e, (uint32_t)inode->ino);
    struct ext2_inode *i = links ? kzalloc(sizeof *i) : NULL;
    if (i) {
        inode->mode = get16(raw + IN_MODE);
        inode->nlink = links > drops ? links - drops : 0;
        inode->uid = get16(raw + IN_UID) | (uint32_t)get16(raw + IN_UID_HIGH) << 16;
        inode->gid = get16(raw + IN_GID) | (uint32_t)get16(raw + IN_GID_HIGH) << 16;
        inode->size = get32(raw + IN_SIZE);
        if (S_ISREG(inode->mode))
            inode->size |= (uint64_t)get32(raw + IN_SIZE_HIGH) << 32;
        inode->blocks = get32(raw + IN_SECTORS);
        inode->block_size = e->block_bytes;
        inode->atime = get32(raw + IN_ATIME);
        inode->mtime = get32(raw + IN_MTIME);
        inode->ctime = get32(raw + IN_CTIME);
        i->flags = get32(raw + IN_FLAGS);
        i->attributes = get32(raw + IN_ATTRIBUTES);
        i->drops = drops;
        memcpy(i->block, raw + IN_BLOCK, sizeof i->block);
        inode->data = i;
    }
    cache_put(e->cache, page);
    if (!i)
        return links ? -ENOMEM : -ENOENT;
    if (inode->size > ext2_most_blocks(e) * e->block_bytes || (S_ISDIR(inode->mode) && inode->size % e->block_bytes)) {
        kfree(i);
        return ext2_damaged(e, "the size of an inode cannot be", inode->ino);
    }
    return 0;
}

void ext2_evict(struct inode *inode) {
    kfree(inode->data);
}

/* Sizes of more than 2 GB are a feature, which the superblock has to name. */
static void need_large_files(struct ext2 *e) {
    uint32_t features = get32(e->super + SB_READ_ONLY);
    if (features & EXT2_LARGE_FILE)
        return;
    put32(e->super + SB_READ_ONLY, features | EXT2_LARGE_FILE);
    e->super_changed = true;
}

int ext2_write_inode(struct inode *inode) {
    struct ext2 *e = ext2_of(inode);
    const struct ext2_inode *i = ext2_inode_of(inode);
    struct cache_page *page;
    uint8_t *raw;
    int result = find_raw(e, inode->ino, &page, &raw);
    if (result)
        return result;
    put16(raw + IN_MODE, (uint16_t)inode->mode);
    put16(raw + IN_LINKS, (uint16_t)(inode->nlink + i->drops));
    put32(raw + IN_SIZE, (uint32_t)inode->size);
    if (S_ISREG(inode->mode)) {
        put32(raw + IN_SIZE_HIGH, (uint32_t)(inode->size >> 32));
        if (inode->size > INT32_MAX)
            need_large_files(e);
    }
    put32(raw + IN_SECTORS, (uint32_t)inode->blocks);
    put32(raw + IN_ATIME, (uint32_t)inode->atime);
    put32(raw + IN_MTIME, (uint32_t)inode->mtime);
    put32(raw + IN_CTIME, (uint32_t)inode->ctime);
    put32(raw + IN_FLAGS, i->flags);
    put32(raw + IN_ATTRIBUTES, i->attributes);
    memcpy(raw + IN_BLOCK, i->block, sizeof i->block);
    raw_changed(e, page, raw);
    cache_put(e->cache, page);
    return 0;
}

/* A block of extended attributes may belong to several inodes; the last one frees it. */
static int free_attributes(struct inode *inode) {
    struct ext2 *e = ext2_of(inode);
    struct ext2_inode *i = ext2_inode_of(inode);
    struct cache_page *page;
    uint8_t *data;
    uint32_t block = i->attributes;
    if (!block)
        return 0;
    i->attributes = 0;
    int result = ext2_block(e, block, &page, &data);
    if (result)
        return result;
    uint32_t users = get32(data + EXT2_ATTRIBUTE_USERS);
    if (users > 1) {
        put32(data + EXT2_ATTRIBUTE_USERS, users - 1);
        ext2_changed(e, page, data, STAGE_DATA);
    }
    cache_put(e->cache, page);
    return users > 1 ? 0 : ext2_free_block(e, block);
}

int ext2_delete_inode(struct inode *inode) {
    struct ext2 *e = ext2_of(inode);
    struct cache_page *page;
    uint8_t *raw;
    int result = has_blocks(inode) ? ext2_shrink(inode, 0) : 0;
    if (result == 0)
        result = free_attributes(inode);
    if (result == 0)
        result = ext2_free_inode(e, (uint32_t)inode->ino, S_ISDIR(inode->mode));
    if (result == 0)
        result = find_raw(e, inode->ino, &page, &raw);
    if (result)
        return result;
    inode->nlink = 0;
    put16(raw + IN_LINKS, 0);
    put32(raw + IN_SIZE, 0);
    put32(raw + IN_SECTORS, 0);
    put32(raw + IN_DTIME, (uint32_t)fs_now());
    memset(raw + IN_BLOCK, 0, EXT2_POINTERS * 4);
    raw_changed(e, page, raw);
    cache_put(e->cache, page);
    return 0;
}

int ext2_new_inode(struct inode *dir, uint32_t mode, struct inode **out) {
    struct ext2 *e = ext2_of(dir);
    struct cache_page *page;
    uint8_t *raw;
    uint32_t ino, now = (uint32_t)fs_now();
    int result = ext2_allocate_inode(e, (uint32_t)dir->ino, S_ISDIR(mode), &ino);
    if (result)
        return result;
    result = find_raw(e, ino, &page, &raw);
    if (result == 0) {
        memset(raw, 0, e->inode_bytes);
        put16(raw + IN_MODE, (uint16_t)mode);
        put16(raw + IN_LINKS, S_ISDIR(mode) ? 2 : 1);
        put32(raw + IN_ATIME, now);
        put32(raw + IN_MTIME, now);
        put32(raw + IN_CTIME, now);
        put32(raw + IN_GENERATION, random_u32());
        raw_changed(e, page, raw);
        cache_put(e->cache, page);
        result = inode_get(e->fs, ino, out);
    }
    if (result)
        ext2_free_inode(e, ino, S_ISDIR(mode));
    return result;
}
