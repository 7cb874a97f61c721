/* Questions to the SLM: each requester waits for the reply to its own request. What a waiting requester needs lies
 * in a slot here, not on its stack, so that killing the requester leaves nothing dangling. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "ipc_internal.h"

#define SLOTS IPC_SLM_RING_SLOTS

struct query { /* payload of an IPC_SLM_QUERY message */
    uint32_t session;
    char text[];
};

static struct slot {
    tid_t requester;   /* 0: the slot is free */
    ipc_channel_t channel;
    uint32_t sequence; /* of the request, unique in its channel */
    char *reply;       /* NULL until it is there */
    struct wait_queue waiter;
} slots[SLOTS];

static void clear(struct slot *s) {
    kfree(s->reply);
    *s = (struct slot){0};
}

/* Interrupts are off. Slots of killed requesters are taken over. */
static struct slot *claim(ipc_channel_t ch) {
    for (struct slot *s = slots; s < slots + SLOTS; s++) {
        if (s->requester && !thread_alive(s->requester))
            clear(s);
        if (!s->requester) {
            s->requester = thread_current();
            s->channel = ch;
            return s;
        }
    }
    return NULL;
}

static int await(struct slot *s, uint64_t deadline) {
    while (!s->reply) {
        uint64_t now = uptime_ms();
        if (deadline && now >= deadline)
            return IPC_ETIMEOUT;
        wait_on(&s->waiter, deadline ? (uint32_t)(deadline - now) : 0);
    }
    return IPC_OK;
}

static struct ipc_node *make_query(const char *text, uint32_t session, uint32_t flags) {
    size_t length = strlen(text) + 1;
    struct query *q = kmalloc(sizeof *q + length);
    if (!q)
        return NULL;
    q->session = session;
    memcpy(q->text, text, length);
    struct ipc_node *n = node_create(IPC_SLM_QUERY, flags | IPC_SLM, q, (uint32_t)(sizeof *q + length));
    kfree(q);
    return n;
}

int slm_request_on(ipc_channel_t ch, const char *text, uint32_t session, uint32_t flags, char *reply, uint32_t size,
                   uint32_t timeout_ms) {
    uint64_t deadline = timeout_ms ? uptime_ms() + timeout_ms : 0;
    if (!text || !reply || size == 0)
        return IPC_EINVAL;
    if (strlen(text) + 1 + sizeof(struct query) > IPC_MAX_PAYLOAD)
        return IPC_ETOOBIG;
    struct ipc_node *n = make_query(text, session, flags);
    if (!n)
        return IPC_ENOMEM;
    uint64_t irq = arch_save_irq_state();
    struct slot *s = claim(ch);
    int status = s ? channel_send(ch, n, &s->sequence) : IPC_EFULL;
    if (!s)
        kfree(n);
    if (status == IPC_OK)
        status = await(s, deadline);
    if (status == IPC_OK)
        strlcpy(reply, s->reply, size);
    if (s)
        clear(s);
    arch_restore_irq_state(irq);
    return status;
}

int ipc_slm_request(const char *text, uint32_t session, uint32_t flags, char *reply, uint32_t size, uint32_t timeout_ms) {
    return slm_request_on(slm_channel, text, session, flags, reply, size, timeout_ms);
}

int ipc_slm_next(ipc_message_t *out, uint32_t timeout_ms) {
    int status = ipc_receive(slm_channel, out, timeout_ms);
    if (status == IPC_OK && out->header.type == IPC_SLM_QUERY)
        out->payload[out->header.length < IPC_MAX_PAYLOAD ? out->header.length : IPC_MAX_PAYLOAD - 1] = '\0';
    return status;
}

uint32_t ipc_slm_session(const ipc_message_t *request) {
    uint32_t session;
    memcpy(&session, request->payload, sizeof session);
    return request->header.length >= sizeof session ? session : 0;
}

const char *ipc_slm_text(const ipc_message_t *request) {
    return request->header.length > sizeof(struct query) ? (const char *)request->payload + sizeof(struct query) : "";
}

int ipc_slm_reply(const ipc_message_t *request, const char *text) {
    if (request->header.magic != IPC_MAGIC || request->header.type != IPC_SLM_QUERY || !text)
        return IPC_EINVAL;
    size_t length = strlen(text) + 1;
    char *copy = kmalloc(length);
    if (!copy)
        return IPC_ENOMEM;
    memcpy(copy, text, length);
    int status = IPC_ENOCHANNEL; /* nobody waits for it any more */
    uint64_t irq = arch_save_irq_state();
    for (struct slot *s = slots; s < slots + SLOTS; s++) {
        if (s->requester != request->header.sender || s->channel != (ipc_channel_t)request->header.receiver ||
            s->sequence != request->header.sequence || s->reply)
            continue;
        s->reply = copy;
        copy = NULL;
        wake_all(&s->waiter);
        status = IPC_OK;
        break;
    }
    arch_restore_irq_state(irq);
    kfree(copy);
    preempt_point(irq);
    return status;
}
