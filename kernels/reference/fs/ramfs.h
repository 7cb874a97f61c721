/* The file system in memory, which the initramfs is unpacked into. */
#pragma once
#include "fs_internal.h"

/* For initramfs.c: the contents of a regular file that is empty so far, which are used where they lie, without a copy,
 * until they are written to. They must stay in memory. By path; 0 or -errno. */
int ramfs_set_image(const char *path, const void *data, size_t bytes);

/* The rest is for ramfs.c and ramfs_data.c only. */
#define RAMFS_RESERVE_PART 16 /* this part of the memory stays free for everybody else */

struct entry { /* a name in a directory, in the order of making */
    struct entry *next;
    uint64_t cookie; /* position for readdir: higher than those before */
    uint32_t ino;
    uint8_t len;
    char name[];
};

struct node {
    uint32_t mode, nlink, parent; /* `parent` of directories */
    uint64_t size, mtime, ctime;
    struct entry *entries, **last;
    uint64_t next_cookie;
    char *target;           /* of a symbolic link */
    const uint8_t *image;   /* unwritten pages of the first image_bytes bytes */
    uint64_t image_bytes;
    uint8_t **pages;        /* page_slots of them; NULL: unwritten */
    uint64_t page_slots, pages_used;
};

struct ramfs {
    struct node **nodes; /* by inode number; NULL: free */
    uint32_t slots, used;
};

static inline struct node *node_of(struct inode *inode) {
    return inode->data;
}
bool ramfs_memory_short(void);
void ramfs_refresh(struct inode *inode); /* shows the node's state in the inode that the VFS works with */
void ramfs_drop_pages(struct node *n, uint64_t from);
int64_t ramfs_read(struct inode *inode, uint64_t position, void *buffer, size_t bytes);
int64_t ramfs_write(struct inode *inode, uint64_t position, const void *buffer, size_t bytes);
int ramfs_truncate(struct inode *inode, uint64_t bytes);
