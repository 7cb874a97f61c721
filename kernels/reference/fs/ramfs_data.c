/* What files in memory contain: pages, made when they are written. What was never written reads as zeros or, for files
 * of the initramfs, as what lies in the image. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "ramfs.h"

#define MAX_BYTES GB(4)

bool ramfs_memory_short(void) {
    return pmm_free_page_count() < pmm_total_pages() / RAMFS_RESERVE_PART;
}

void ramfs_refresh(struct inode *inode) {
    struct node *n = node_of(inode);
    inode->mode = n->mode;
    inode->nlink = n->nlink;
    inode->size = n->size;
    inode->blocks = n->pages_used * (PAGE_SIZE / BLOCK_SECTOR);
    inode->block_size = PAGE_SIZE;
    inode->mtime = inode->atime = n->mtime;
    inode->ctime = n->ctime;
}

void ramfs_drop_pages(struct node *n, uint64_t from) {
    for (uint64_t p = from; p < n->page_slots; p++)
        if (n->pages[p]) {
            pmm_free_page(virt_to_phys(n->pages[p]));
            n->pages[p] = NULL;
            n->pages_used--;
        }
}

/* Copies what the file says at `position` when its page was never written. */
static void copy_unwritten(const struct node *n, uint64_t position, uint8_t *out, size_t bytes) {
    size_t from_image = position >= n->image_bytes ? 0
                        : n->image_bytes - position < bytes ? (size_t)(n->image_bytes - position) : bytes;
    memcpy(out, n->image + position, from_image);
    memset(out + from_image, 0, bytes - from_image);
}

int64_t ramfs_read(struct inode *inode, uint64_t position, void *buffer, size_t bytes) {
    struct node *n = node_of(inode);
    uint8_t *out = buffer;
    if (position >= n->size)
        return 0;
    if (bytes > n->size - position)
        bytes = (size_t)(n->size - position);
    for (size_t done = 0, now; done < bytes; done += now) {
        uint64_t at = position + done, page = at / PAGE_SIZE, offset = at % PAGE_SIZE;
        now = bytes - done < PAGE_SIZE - offset ? bytes - done : PAGE_SIZE - offset;
        if (page < n->page_slots && n->pages[page])
            memcpy(out + done, n->pages[page] + offset, now);
        else
            copy_unwritten(n, at, out + done, now);
    }
    return (int64_t)bytes;
}

/* The page for writing; made from what it reads as now. NULL without memory. */
static uint8_t *page_for_write(struct node *n, uint64_t page) {
    if (page >= n->page_slots) {
        uint64_t slots = n->page_slots ? n->page_slots * 2 : 4;
        if (slots <= page)
            slots = page + 1;
        uint8_t **more = kzalloc(slots * sizeof *more);
        if (!more)
            return NULL;
        if (n->page_slots)
            memcpy(more, n->pages, n->page_slots * sizeof *more);
        kfree(n->pages);
        n->pages = more;
        n->page_slots = slots;
    }
    if (!n->pages[page]) {
        phys_addr_t frame = ramfs_memory_short() ? 0 : pmm_alloc_page();
        if (!frame)
            return NULL;
        n->pages[page] = phys_to_virt(frame);
        copy_unwritten(n, page * PAGE_SIZE, n->pages[page], PAGE_SIZE);
        n->pages_used++;
    }
    return n->pages[page];
}

int64_t ramfs_write(struct inode *inode, uint64_t position, const void *buffer, size_t bytes) {
    struct node *n = node_of(inode);
    size_t done = 0, now;
    if (position > MAX_BYTES - bytes)
        return -EFBIG;
    for (; done < bytes; done += now) {
        uint64_t at = position + done, offset = at % PAGE_SIZE;
        now = bytes - done < PAGE_SIZE - offset ? bytes - done : PAGE_SIZE - offset;
        uint8_t *page = page_for_write(n, at / PAGE_SIZE);
        if (!page)
            break;
        memcpy(page + offset, (const uint8_t *)buffer + done, now);
    }
    if (!done)
        return -ENOSPC;
    if (position + done > n->size)
        n->size = position + done;
    n->mtime = n->ctime = fs_now();
    ramfs_refresh(inode);
    return (int64_t)done;
}

int ramfs_truncate(struct inode *inode, uint64_t bytes) {
    struct node *n = node_of(inode);
    if (bytes > MAX_BYTES)
        return -EFBIG;
    if (bytes < n->size) {
        uint64_t kept = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
        ramfs_drop_pages(n, kept);
        if (bytes % PAGE_SIZE && kept <= n->page_slots && n->pages[kept - 1])
            memset(n->pages[kept - 1] + bytes % PAGE_SIZE, 0, PAGE_SIZE - bytes % PAGE_SIZE);
        if (n->image_bytes > bytes)
            n->image_bytes = bytes;
    }
    n->size = bytes;
    n->mtime = n->ctime = fs_now();
    ramfs_refresh(inode);
    return 0;
}
