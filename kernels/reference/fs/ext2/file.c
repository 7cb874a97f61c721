/* ext2: what files contain. */
#include <auton/string.h>
#include "ext2.h"

/* The file goes on from `position`: reads what follows on the disk without a gap, by one transfer. */
static void read_ahead(struct inode *inode, uint64_t position, uint32_t block) {
    struct ext2 *e = ext2_of(inode);
    uint64_t n = position / e->block_bytes + 1, end = (inode->size + e->block_bytes - 1) / e->block_bytes;
    uint32_t per_page = CACHE_PAGE / e->block_bytes, count = 1, next;
    bool fresh;
    while (count < CACHE_RUN * per_page && n < end && ext2_map(inode, n, false, &next, &fresh) == 0 &&
           next == block + count)
        count++, n++;
    uint64_t first = (uint64_t)block * e->block_bytes / CACHE_PAGE;
    uint64_t last = ((uint64_t)(block + count) * e->block_bytes - 1) / CACHE_PAGE;
    cache_read_ahead(e->cache, first, (size_t)(last - first + 1));
}

static int read_block(struct inode *inode, uint64_t position, uint8_t *out, size_t bytes, bool more) {
    struct ext2 *e = ext2_of(inode);
    struct cache_page *page;
    uint8_t *data;
    uint32_t block;
    bool fresh;
    int result = ext2_map(inode, position / e->block_bytes, false, &block, &fresh);
    if (result)
        return result;
    if (!block) {
        memset(out, 0, bytes);
        return 0;
    }
    if (more && !cache_has(e->cache, (uint64_t)block * e->block_bytes / CACHE_PAGE))
        read_ahead(inode, position, block);
    result = ext2_block(e, block, &page, &data);
    if (result)
        return result;
    memcpy(out, data + position % e->block_bytes, bytes);
    cache_put(e->cache, page);
    return 0;
}

int64_t ext2_read(struct inode *inode, uint64_t position, void *buffer, size_t bytes) {
    struct ext2 *e = ext2_of(inode);
    struct ext2_inode *i = ext2_inode_of(inode);
    if (!S_ISREG(inode->mode))
        return -EINVAL;
    if (position >= inode->size)
        return 0;
    if (bytes > inode->size - position)
        bytes = (size_t)(inode->size - position);
    bool goes_on = position == i->read_end;
    for (size_t done = 0, now; done < bytes; done += now) {
        uint64_t at = position + done, room = e->block_bytes - at % e->block_bytes;
        now = bytes - done < room ? bytes - done : (size_t)room;
        int result = read_block(inode, at, (uint8_t *)buffer + done, now, goes_on || bytes - done > now);
        if (result)
            return done ? (int64_t)done : result;
    }
    i->read_end = position + bytes;
    return (int64_t)bytes;
}

static int write_block(struct inode *inode, uint64_t position, const uint8_t *from, size_t bytes) {
    struct ext2 *e = ext2_of(inode);
    struct cache_page *page;
    uint8_t *data;
    uint32_t block;
    bool fresh;
    int result = ext2_map(inode, position / e->block_bytes, true, &block, &fresh);
    if (result)
        return result;
    result = fresh || bytes == e->block_bytes ? ext2_block_new(e, block, &page, &data) : ext2_block(e, block, &page, &data);
    if (result)
        return result;
    memcpy(data + position % e->block_bytes, from, bytes);
    ext2_changed(e, page, data, STAGE_DATA);
    cache_put(e->cache, page);
    return 0;
}

/* What lies behind the end of the file in its last block becomes zeros, before the file grows over it. */
static int clear_tail(struct inode *inode, uint64_t end) {
    struct ext2 *e = ext2_of(inode);
    struct cache_page *page;
    uint8_t *data;
    uint32_t block, used = (uint32_t)(end % e->block_bytes);
    bool fresh;
    int result = used ? ext2_map(inode, end / e->block_bytes, false, &block, &fresh) : 0;
    if (result || !used || !block)
        return result;
    result = ext2_block(e, block, &page, &data);
    if (result)
        return result;
    for (uint32_t i = used; i < e->block_bytes; i++)
        if (data[i]) {
            memset(data + used, 0, e->block_bytes - used);
            ext2_changed(e, page, data, STAGE_DATA);
            break;
        }
    cache_put(e->cache, page);
    return 0;
}

static int may_change(struct inode *inode) {
    if (!S_ISREG(inode->mode))
        return -EINVAL;
    if (ext2_inode_of(inode)->flags & (EXT2_FLAG_IMMUTABLE | EXT2_FLAG_APPEND))
        return -EPERM;
    return ext2_begin(ext2_of(inode));
}

int64_t ext2_write(struct inode *inode, uint64_t position, const void *buffer, size_t bytes) {
    struct ext2 *e = ext2_of(inode);
    int result = may_change(inode);
    size_t done = 0;
    if (result == 0 && position + bytes > ext2_most_blocks(e) * e->block_bytes)
        result = -EFBIG;
    if (result == 0 && position > inode->size)
        result = clear_tail(inode, inode->size);
    while (done < bytes && result == 0) {
        uint64_t at = position + done, room = e->block_bytes - at % e->block_bytes;
        size_t now = bytes - done < room ? bytes - done : (size_t)room;
        result = write_block(inode, at, (const uint8_t *)buffer + done, now);
        if (result == 0)
            done += now;
    }
    if (!done)
        return result;
    if (position + done > inode->size)
        inode->size = position + done;
    inode->mtime = inode->ctime = fs_now();
    result = ext2_write_inode(inode);
    return result ? result : (int64_t)done;
}

int ext2_truncate(struct inode *inode, uint64_t bytes) {
    struct ext2 *e = ext2_of(inode);
    int result = may_change(inode);
    if (result == 0 && bytes > ext2_most_blocks(e) * e->block_bytes)
        result = -EFBIG;
    if (result == 0 && bytes < inode->size)
        result = ext2_shrink(inode, (bytes + e->block_bytes - 1) / e->block_bytes);
    if (result == 0)
        result = clear_tail(inode, bytes < inode->size ? bytes : inode->size);
    if (result)
        return result;
    inode->size = bytes;
    inode->mtime = inode->ctime = fs_now();
    return ext2_write_inode(inode);
}

int ext2_readlink(struct inode *inode, char *out, size_t size) {
    if (inode->size >= size)
        return -ERANGE;
    if (inode->size == 0 || inode->size >= (ext2_is_fast_link(inode) ? EXT2_FAST_LINK_BYTES : inode->block_size))
        return ext2_damaged(ext2_of(inode), "the length of a symbolic link cannot be", inode->ino);
    int result = 0;
    if (ext2_is_fast_link(inode))
        memcpy(out, ext2_inode_of(inode)->block, inode->size);
    else
        result = read_block(inode, 0, (uint8_t *)out, inode->size, false);
    out[inode->size] = '\0';
    return result ? result : (int)inode->size;
}

int ext2_write_link(struct inode *inode, const char *target) {
    size_t len = strlen(target);
    if (len >= inode->block_size)
        return -ENAMETOOLONG;
    int result = 0;
    if (len < EXT2_FAST_LINK_BYTES)
        memcpy(ext2_inode_of(inode)->block, target, len);
    else
        result = write_block(inode, 0, (const uint8_t *)target, len);
    inode->size = len;
    return result ? result : ext2_write_inode(inode);
}
