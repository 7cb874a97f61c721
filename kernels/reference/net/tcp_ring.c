/* The bytes of a connection that wait to be sent or read: a ring that begins small and doubles for who moves many. */
#include <auton/mm.h>
#include <auton/string.h>
#include "tcp.h"

static uint32_t at(const struct ring *r, uint32_t offset) {
    return (r->head + offset) & (r->size - 1);
}

/* Of `bytes` from a place on, those before the ring begins anew. */
static uint32_t before_end(const struct ring *r, uint32_t place, uint32_t bytes) {
    return bytes < r->size - place ? bytes : r->size - place;
}

bool ring_ready(struct ring *r) {
    if (!r->data)
        r->data = kmalloc(r->size);
    return r->data != NULL;
}

bool ring_grow(struct ring *r) {
    uint8_t *data = r->size < TCP_BUFFER_MOST ? kmalloc(2 * r->size) : NULL;
    if (!data)
        return false;
    ring_read(r, data, 0, r->used);
    kfree(r->data);
    *r = (struct ring){.data = data, .used = r->used, .size = 2 * r->size};
    return true;
}

void ring_store(struct ring *r, uint32_t offset, const void *data, uint32_t bytes) {
    uint32_t place = at(r, offset), first = before_end(r, place, bytes);
    memcpy(r->data + place, data, first);
    memcpy(r->data, (const uint8_t *)data + first, bytes - first);
}

void ring_pieces(const struct ring *r, uint32_t offset, uint32_t bytes, struct piece pieces[2]) {
    uint32_t place = at(r, offset), first = before_end(r, place, bytes);
    pieces[0] = (struct piece){r->data + place, first};
    pieces[1] = (struct piece){r->data, bytes - first};
}

void ring_read(const struct ring *r, void *out, uint32_t offset, uint32_t bytes) {
    struct piece pieces[2];
    if (!bytes)
        return;
    ring_pieces(r, offset, bytes, pieces);
    memcpy(out, pieces[0].data, pieces[0].bytes);
    memcpy((uint8_t *)out + pieces[0].bytes, pieces[1].data, pieces[1].bytes);
}

void ring_drop(struct ring *r, uint32_t bytes) {
    r->head = at(r, bytes);
    r->used -= bytes;
}

void ring_free(struct ring *r) {
    kfree(r->data);
    *r = (struct ring){.size = TCP_BUFFER_FIRST};
}
