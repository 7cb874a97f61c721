/* Shared by the files of ipc/ only. */
#pragma once
#include <auton/ipc.h>
#include <auton/sched.h>

/* A bounded queue of messages; urgent ones overtake the others, each kind stays in the order of sending. */
struct ipc_node {
    struct ipc_node *next;
    ipc_header_t header;
    uint8_t payload[]; /* header.length bytes */
};
struct ipc_ring {
    uint32_t capacity, count;
    struct {
        struct ipc_node *head, *tail;
    } lane[2]; /* 0 urgent, 1 the others */
};

/* Callers hold the lock of what the ring belongs to. */
bool ring_put(struct ipc_ring *r, struct ipc_node *n); /* false: full */
struct ipc_node *ring_take(struct ipc_ring *r);        /* NULL: empty */
struct ipc_node *node_create(uint32_t type, uint32_t flags, const void *payload, uint32_t length);
/* Copies to `out` and frees the node. */
void node_deliver(struct ipc_node *n, ipc_message_t *out);

/* Sends a node, or frees it where that fails; tells the sequence number it has got. */
int channel_send(ipc_channel_t ch, struct ipc_node *n, uint32_t *sequence);
extern ipc_channel_t slm_channel;
/* ipc_slm_request() over any channel: the self-test has one of its own, so that the real SLM is not asked. */
int slm_request_on(ipc_channel_t ch, const char *text, uint32_t session, uint32_t flags, char *reply, uint32_t size,
                   uint32_t timeout_ms);
