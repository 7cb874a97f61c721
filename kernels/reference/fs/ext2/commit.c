/* ext2: in which order changes reach the disk, which is what makes it whole after a power cut. The cache writes in
 * stages: bitmaps, contents, inodes, names. So a name leads to a finished inode, an inode to finished contents, and
 * what either uses is marked as used. Taking away goes the other way round: a removed name is written first, the
 * inode's count of names (or its end) with the next commit, and the blocks become free with the one after that. Until
 * then nothing of it is used again. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "ext2.h"

#define MOST_DROPS 256
#define MOST_ROUNDS 8

static int list_add(struct ext2_list *list, const void *item, size_t bytes) {
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 32;
        void *more = kmalloc(room * bytes);
        if (!more)
            return -ENOMEM;
        if (list->count)
            memcpy(more, list->items, list->count * bytes);
        kfree(list->items);
        list->items = more;
        list->room = room;
    }
    memcpy((uint8_t *)list->items + list->count++ * bytes, item, bytes);
    return 0;
}

int ext2_begin(struct ext2 *e) {
    if (e->fs->read_only)
        return -EROFS;
    return cache_is_crowded(e->cache) || e->drops.count >= MOST_DROPS ? ext2_commit(e) : 0;
}

int ext2_free_block(struct ext2 *e, uint32_t block) {
    if (!ext2_is_block(e, block))
        return ext2_damaged(e, "a file has a block of this number", block);
    struct ext2_extent *list = e->freed_blocks.items, *last = e->freed_blocks.count ? &list[e->freed_blocks.count - 1] : NULL;
    e->freed_sum++;
    if (last && last->start + last->count == block) {
        last->count++;
        return 0;
    }
    return list_add(&e->freed_blocks, &(struct ext2_extent){block, 1}, sizeof *last);
}

int ext2_free_inode(struct ext2 *e, uint32_t ino, bool directory) {
    struct ext2_freed_inode freed = {ino, directory};
    return list_add(&e->freed_inodes, &freed, sizeof freed);
}

static struct ext2_drop *find_drop(const struct ext2 *e, uint32_t ino) {
    struct ext2_drop *list = e->drops.items;
    for (size_t i = 0; i < e->drops.count; i++)
        if (list[i].ino == ino)
            return &list[i];
    return NULL;
}

uint32_t ext2_dropped(const struct ext2 *e, uint32_t ino) {
    const struct ext2_drop *drop = e->drops.count ? find_drop(e, ino) : NULL;
    return drop ? drop->names : 0;
}

int ext2_drop_names(struct inode *inode, uint32_t names) {
    struct ext2 *e = ext2_of(inode);
    struct ext2_drop *drop = find_drop(e, (uint32_t)inode->ino);
    int result = 0;
    if (drop)
        drop->names += names;
    else
        result = list_add(&e->drops, &(struct ext2_drop){(uint32_t)inode->ino, names}, sizeof *drop);
    if (result)
        return result;
    inode->nlink -= inode->nlink < names ? inode->nlink : names;
    ext2_inode_of(inode)->drops += names;
    return 0;
}

static bool in_use(const struct ext2 *e, uint32_t ino) {
    for (const struct inode *i = e->fs->inodes[ino % INODE_BUCKETS]; i; i = i->next)
        if (i->ino == ino)
            return true;
    return false;
}

/* The names are gone from the disk: now the inodes may say so. A file that is still open keeps its inode as it is. */
static int settle_drops(struct ext2 *e) {
    struct ext2_drop *list = e->drops.items;
    size_t count = e->drops.count, kept = 0;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        struct ext2_drop drop = list[i];
        struct inode *inode;
        bool open = in_use(e, drop.ino);
        if (result == 0 && (result = inode_get(e->fs, drop.ino, &inode)) == 0) {
            if (inode->nlink || !open) {
                ext2_inode_of(inode)->drops = 0;
                result = inode->nlink ? ext2_write_inode(inode) : ext2_delete_inode(inode);
                drop.names = 0;
            }
            inode_put(inode);
        }
        if (drop.names)
            list[kept++] = drop;
    }
    e->drops.count = kept;
    return result;
}

/* Takes the list away, so that what is freed meanwhile comes into a new one. */
static struct ext2_list take(struct ext2_list *list) {
    struct ext2_list taken = *list;
    *list = (struct ext2_list){0};
    return taken;
}

int ext2_commit(struct ext2 *e) {
    int result = ext2_write_super(e);
    if (result == 0)
        result = cache_write_back(e->cache);
    if (result) {
        log_error("FS", "ext2 on %s cannot be written: %s", e->fs->disk->name, errno_text(result));
        return result;
    }
    struct ext2_list blocks = take(&e->freed_blocks), inodes = take(&e->freed_inodes);
    e->freed_sum = 0;
    for (size_t i = 0; i < blocks.count; i++)
        ext2_release(e, (struct ext2_extent *)blocks.items + i);
    for (size_t i = 0; i < inodes.count; i++)
        ext2_release_inode(e, (struct ext2_freed_inode *)inodes.items + i);
    kfree(blocks.items);
    kfree(inodes.items);
    return settle_drops(e);
}

static bool is_settled(const struct ext2 *e) {
    const struct ext2_drop *list = e->drops.items;
    bool open_files_only = true;
    for (size_t i = 0; i < e->drops.count; i++)
        open_files_only &= in_use(e, list[i].ino);
    return open_files_only && !e->freed_blocks.count && !e->freed_inodes.count && !cache_dirty_pages(e->cache) &&
           !e->super_changed;
}

int ext2_settle(struct ext2 *e) {
    int result = ext2_commit(e);
    for (unsigned round = 0; result == 0 && round < MOST_ROUNDS && !is_settled(e); round++)
        result = ext2_commit(e);
    return result;
}
