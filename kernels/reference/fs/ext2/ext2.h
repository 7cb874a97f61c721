/* Shared by the files of fs/ext2/ only. All of it is called with the file system's lock held. */
#pragma once
#include "../cache.h"
#include "../fs_internal.h"
#include "../unaligned.h"
#include "layout.h"

struct ext2_group {
    uint32_t block_bitmap, inode_bitmap, inode_table;
    uint32_t free_blocks, free_inodes, directories;
    bool changed;
};

struct ext2_extent {
    uint32_t start, count;
};
struct ext2_freed_inode {
    uint32_t ino;
    bool directory;
};
/* Names that were removed of a file whose inode on the disk still counts them, see commit.c. */
struct ext2_drop {
    uint32_t ino, names;
};

/* A list that grows; `items` is kmalloc()ed. */
struct ext2_list {
    void *items;
    size_t count, room;
};

struct ext2 {
    struct filesystem *fs;
    struct cache *cache;
    uint8_t super[EXT2_SUPER_BYTES];
    uint32_t block_bytes, blocks, first_block, blocks_per_group;
    uint32_t inodes, inodes_per_group, inode_bytes, first_inode;
    uint32_t group_count;
    struct ext2_group *groups;
    uint64_t free_blocks, free_inodes;
    bool has_types;             /* directory entries tell the kind of file */
    bool super_changed, failed;

    /* Free, but not yet to be used again: the disk may still need them. */
    struct ext2_list freed_blocks; /* struct ext2_extent */
    struct ext2_list freed_inodes; /* struct ext2_freed_inode */
    struct ext2_list drops;        /* struct ext2_drop */
    uint64_t freed_sum;            /* blocks in freed_blocks */
};

/* What an inode in use has beyond struct inode. */
struct ext2_inode {
    uint32_t block[EXT2_POINTERS]; /* the same bytes as on the disk, for a fast link its target */
    uint32_t flags, attributes;
    uint32_t drops;        /* of its names, as in struct ext2_drop */
    uint32_t goal;         /* the next block is best allocated here; 0: no idea */
    uint64_t read_end;     /* where the last reading ended: one that goes on there reads ahead */
};

static inline struct ext2 *ext2_of(const struct inode *inode) {
    return inode->fs->data;
}
static inline struct ext2_inode *ext2_inode_of(const struct inode *inode) {
    return inode->data;
}

/* super.c */
/* Something on the disk cannot be: says so, lets nothing be written any more. Returns -EIO. */
int ext2_damaged(struct ext2 *e, const char *what, uint64_t where);
bool ext2_is_block(const struct ext2 *e, uint32_t block); /* one that may hold something */
/* A block in the cache, pinned by `*page`; `*data` points at it. -EIO for a number that is none. */
int ext2_block(struct ext2 *e, uint32_t block, struct cache_page **page, uint8_t **data);
int ext2_block_new(struct ext2 *e, uint32_t block, struct cache_page **page, uint8_t **data); /* all zeros */
void ext2_changed(struct ext2 *e, struct cache_page *page, const uint8_t *data, enum cache_stage stage); /* a block */
int ext2_write_super(struct ext2 *e); /* into the cache, with the counts of the groups that have changed */

/* alloc.c */
int ext2_allocate_block(struct ext2 *e, uint32_t goal, uint32_t *out); /* -ENOSPC */
int ext2_allocate_inode(struct ext2 *e, uint32_t parent, bool directory, uint32_t *out);
void ext2_release(struct ext2 *e, const struct ext2_extent *extent); /* really free from now on */
void ext2_release_inode(struct ext2 *e, const struct ext2_freed_inode *freed);
int ext2_count_free(struct ext2 *e); /* from the bitmaps, when the counts cannot be trusted */

/* commit.c */
int ext2_begin(struct ext2 *e);           /* before each change: makes room for it. -EROFS */
int ext2_commit(struct ext2 *e);          /* writes everything back */
int ext2_settle(struct ext2 *e);          /* until nothing is left that waits for a commit */
int ext2_free_block(struct ext2 *e, uint32_t block);
int ext2_free_inode(struct ext2 *e, uint32_t ino, bool directory);
int ext2_drop_names(struct inode *inode, uint32_t names); /* so many less, on the disk after the next commit */
uint32_t ext2_dropped(const struct ext2 *e, uint32_t ino);

/* map.c */
/* The block that holds block `n` of a file; 0: a hole. With `allocate` a hole is filled; `*fresh` tells that. */
int ext2_map(struct inode *inode, uint64_t n, bool allocate, uint32_t *out, bool *fresh);
int ext2_shrink(struct inode *inode, uint64_t blocks); /* frees all behind the first `blocks` blocks */
uint64_t ext2_most_blocks(const struct ext2 *e);       /* of a file */

/* inode.c */
int ext2_read_inode(struct inode *inode);
void ext2_evict(struct inode *inode);
int ext2_write_inode(struct inode *inode);  /* into the cache */
int ext2_delete_inode(struct inode *inode); /* the last name has gone, also from the disk */
int ext2_new_inode(struct inode *dir, uint32_t mode, struct inode **out);
bool ext2_is_fast_link(const struct inode *inode);

/* file.c */
int64_t ext2_read(struct inode *inode, uint64_t position, void *buffer, size_t bytes);
int64_t ext2_write(struct inode *inode, uint64_t position, const void *buffer, size_t bytes);
int ext2_truncate(struct inode *inode, uint64_t bytes);
int ext2_readlink(struct inode *inode, char *out, size_t size);
int ext2_write_link(struct inode *inode, const char *target);

/* dir.c */
struct ext2_entry { /* where an entry lies; the page is pinned */
    struct cache_page *page;
    uint8_t *block, *entry, *before; /* `before`: the entry in front of it in its block, or NULL */
    uint32_t number;                 /* of the block on the disk */
};
int ext2_find(struct inode *dir, const char *name, size_t len, struct ext2_entry *out); /* -ENOENT */
void ext2_entry_done(struct ext2 *e, struct ext2_entry *entry);
int ext2_add(struct inode *dir, const char *name, size_t len, struct inode *inode, uint32_t *number);
void ext2_remove(struct inode *dir, struct ext2_entry *entry);
void ext2_point(struct inode *dir, struct ext2_entry *entry, struct inode *inode); /* at another inode */
int ext2_readdir(struct inode *dir, uint64_t *position, struct dirent *out);
int ext2_is_empty(struct inode *dir);
int ext2_make_dots(struct inode *dir, struct inode *parent); /* the first block of a new directory */

/* names.c */
int ext2_lookup(struct inode *dir, const char *name, size_t len, uint64_t *ino);
int ext2_create(struct inode *dir, const char *name, size_t len, uint32_t mode, const char *target, uint64_t *ino);
int ext2_link(struct inode *dir, const char *name, size_t len, struct inode *inode);
int ext2_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode);
int ext2_rename(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len,
                struct inode *inode, struct inode *replaced);
