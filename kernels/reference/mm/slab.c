/* Small objects in size classes. A slab is 16 KB, aligned to its size, so that the address of an object leads to
 * its header; a bitmap there says which objects are in use, which makes every wrong free visible. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/sync.h>
#include "mm_internal.h"

#define SLAB_PAGES 4
#define SLAB_BYTES (SLAB_PAGES * PAGE_SIZE)
#define SLAB_MAGIC 0x5AB51AB5A110C8EDULL
#define MIN_SHIFT 5 /* 32 bytes */
#define CLASSES 7   /* 32, 64, ... 2048 */
#define MAP_WORDS 8

struct slab {
    uint64_t magic;          /* SLAB_MAGIC ^ address: no data looks like it by chance */
    struct slab *next, *prev; /* slabs of the class that have a free object */
    uint16_t class_index, capacity, used;
    uint64_t in_use[MAP_WORDS];
};
#define HEADER_BYTES 128
_Static_assert(sizeof(struct slab) <= HEADER_BYTES, "slab header outgrew its place");
_Static_assert((SLAB_BYTES - HEADER_BYTES) >> MIN_SHIFT <= MAP_WORDS * 64, "bitmap too small");

static struct slab *partial[CLASSES];
static uint64_t slab_bytes, used_bytes;
static spinlock_t lock;

static size_t object_bytes(unsigned c) {
    return (size_t)1 << (MIN_SHIFT + c);
}

static unsigned class_for(size_t bytes) {
    unsigned c = 0;
    while (object_bytes(c) < bytes)
        c++;
    return c;
}

static void link_slab(struct slab *s) {
    s->prev = NULL;
    s->next = partial[s->class_index];
    if (s->next)
        s->next->prev = s;
    partial[s->class_index] = s;
}

static void unlink_slab(struct slab *s) {
    if (s->prev)
        s->prev->next = s->next;
    else
        partial[s->class_index] = s->next;
    if (s->next)
        s->next->prev = s->prev;
}

static struct slab *new_slab(unsigned c) {
    phys_addr_t pages = pmm_alloc_aligned(SLAB_PAGES, SLAB_PAGES);
    if (!pages)
        return NULL;
    struct slab *s = phys_to_virt(pages);
    *s = (struct slab){
        .magic = SLAB_MAGIC ^ (uint64_t)s,
        .class_index = (uint16_t)c,
        .capacity = (uint16_t)((SLAB_BYTES - HEADER_BYTES) / object_bytes(c)),
    };
    slab_bytes += SLAB_BYTES;
    link_slab(s);
    return s;
}

void *slab_alloc(size_t bytes) {
    if (bytes > SLAB_MAX_OBJECT)
        return NULL;
    unsigned c = class_for(bytes), word = 0;
    uint64_t irq = spin_lock(&lock);
    struct slab *s = partial[c] ? partial[c] : new_slab(c);
    void *object = NULL;
    if (s) {
        while (s->in_use[word] == UINT64_MAX)
            word++;
        unsigned index = word * 64 + (unsigned)__builtin_ctzll(~s->in_use[word]);
        s->in_use[word] |= 1ULL << (index % 64);
        if (++s->used == s->capacity)
            unlink_slab(s);
        used_bytes += object_bytes(c);
        object = (uint8_t *)s + HEADER_BYTES + index * object_bytes(c);
    }
    spin_unlock(&lock, irq);
    return object;
}

bool slab_free(void *p) {
    struct slab *s = (struct slab *)ALIGN_DOWN((uint64_t)p, SLAB_BYTES);
    if (s->magic != (SLAB_MAGIC ^ (uint64_t)s))
        return false;
    uint64_t offset = (uint64_t)p - (uint64_t)s - HEADER_BYTES; /* huge for an address inside the header */
    size_t size = object_bytes(s->class_index);
    unsigned index = (unsigned)(offset / size);
    if (offset >= SLAB_BYTES || offset % size || index >= s->capacity) {
        mm_fault("kfree: not the start of an object", (uint64_t)p);
        return true;
    }
    uint64_t irq = spin_lock(&lock);
    uint64_t bit = 1ULL << (index % 64);
    bool double_free = !(s->in_use[index / 64] & bit);
    if (!double_free) {
        s->in_use[index / 64] &= ~bit;
        if (s->used-- == s->capacity)
            link_slab(s);
        used_bytes -= size;
        if (s->used == 0 && (s->next || s->prev)) { /* one empty slab a class stays for the next allocation */
            unlink_slab(s);
            s->magic = 0;
            slab_bytes -= SLAB_BYTES;
            pmm_free_pages(virt_to_phys(s), SLAB_PAGES);
        }
    }
    spin_unlock(&lock, irq);
    if (double_free)
        mm_fault("kfree: double free", (uint64_t)p);
    return true;
}

void slab_get_stats(uint64_t *bytes, uint64_t *used) {
    *bytes = slab_bytes;
    *used = used_bytes;
}
