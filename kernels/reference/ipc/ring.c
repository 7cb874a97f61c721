/* The queue behind a channel. */
#include <auton/mm.h>
#include <auton/string.h>
#include "ipc_internal.h"

bool ring_put(struct ipc_ring *r, struct ipc_node *n) {
    unsigned lane = n->header.flags & IPC_URGENT ? 0 : 1;
    if (r->count == r->capacity)
        return false;
    r->count++;
    n->next = NULL;
    if (r->lane[lane].head)
        r->lane[lane].tail->next = n;
    else
        r->lane[lane].head = n;
    r->lane[lane].tail = n;
    return true;
}

struct ipc_node *ring_take(struct ipc_ring *r) {
    unsigned lane = r->lane[0].head ? 0 : 1;
    struct ipc_node *n = r->lane[lane].head;
    if (n) {
        r->lane[lane].head = n->next;
        r->count--;
    }
    return n;
}

struct ipc_node *node_create(uint32_t type, uint32_t flags, const void *payload, uint32_t length) {
    struct ipc_node *n = kmalloc(sizeof *n + length);
    if (!n)
        return NULL;
    n->header = (ipc_header_t){
        .magic = IPC_MAGIC,
        .type = type,
        .sender = thread_current(),
        .timestamp = uptime_ms(),
        .length = length,
        .flags = flags,
    };
    if (length)
        memcpy(n->payload, payload, length);
    return n;
}

void node_deliver(struct ipc_node *n, ipc_message_t *out) {
    out->header = n->header;
    memcpy(out->payload, n->payload, n->header.length);
    kfree(n);
}
