/* Numbered, named channels: any thread may send, any thread that knows the number may receive. */
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "ipc_internal.h"

#define NAME_MAX 32
#define SLM_CHANNEL_NAME "slm"

struct channel {
    char name[NAME_MAX];
    uint32_t last_sequence;
    struct ipc_ring ring;
    struct wait_queue receivers;
};

/* Interrupts off is the lock, as for the wait queues: one processor runs. */
static struct channel *channels[IPC_MAX_CHANNELS];
ipc_channel_t slm_channel = IPC_ENOCHANNEL;

static struct channel *get(ipc_channel_t ch) {
    return ch >= 0 && ch < IPC_MAX_CHANNELS ? channels[ch] : NULL;
}

static ipc_channel_t find(const char *name) {
    for (ipc_channel_t ch = 0; ch < IPC_MAX_CHANNELS; ch++)
        if (channels[ch] && strcmp(channels[ch]->name, name) == 0)
            return ch;
    return IPC_ENOCHANNEL;
}

static ipc_channel_t create(const char *name, uint32_t slots) {
    if (!name || !*name || strlen(name) >= NAME_MAX)
        return IPC_EINVAL;
    struct channel *c = kzalloc(sizeof *c);
    if (!c)
        return IPC_ENOMEM;
    strlcpy(c->name, name, sizeof c->name);
    c->ring.capacity = slots;
    uint64_t irq = arch_save_irq_state();
    ipc_channel_t ch = find(name) >= 0 ? IPC_EINVAL : 0;
    while (ch >= 0 && ch < IPC_MAX_CHANNELS && channels[ch])
        ch++;
    if (ch == IPC_MAX_CHANNELS)
        ch = IPC_EFULL;
    if (ch >= 0)
        channels[ch] = c;
    arch_restore_irq_state(irq);
    if (ch < 0)
        kfree(c);
    return ch;
}

ipc_channel_t ipc_channel_create(const char *name) {
    return create(name, IPC_RING_SLOTS);
}

ipc_channel_t ipc_channel_find(const char *name) {
    uint64_t irq = arch_save_irq_state();
    ipc_channel_t ch = name ? find(name) : IPC_EINVAL;
    arch_restore_irq_state(irq);
    return ch;
}

int ipc_channel_destroy(ipc_channel_t ch) {
    if (ch == slm_channel && ch >= 0)
        return IPC_EPERM;
    uint64_t irq = arch_save_irq_state();
    struct channel *c = get(ch);
    struct ipc_node *n;
    if (c) {
        channels[ch] = NULL;
        wake_all(&c->receivers); /* they look the channel up again and find it gone */
        while ((n = ring_take(&c->ring)) != NULL)
            kfree(n);
        kfree(c);
    }
    arch_restore_irq_state(irq);
    return c ? IPC_OK : IPC_ENOCHANNEL;
}

int channel_send(ipc_channel_t ch, struct ipc_node *n, uint32_t *sequence) {
    uint64_t irq = arch_save_irq_state();
    struct channel *c = get(ch);
    int status = !c ? IPC_ENOCHANNEL : IPC_OK;
    if (c) {
        n->header.receiver = (uint32_t)ch;
        n->header.sequence = c->last_sequence + 1;
        if (ring_put(&c->ring, n)) {
            c->last_sequence++;
            if (sequence)
                *sequence = n->header.sequence;
            wake_one(&c->receivers);
        } else {
            status = IPC_EFULL;
        }
    }
    arch_restore_irq_state(irq);
    if (status != IPC_OK)
        kfree(n);
    preempt_point(irq);
    return status;
}

int ipc_send(ipc_channel_t ch, uint32_t type, uint32_t flags, const void *payload, uint32_t length) {
    if (length && !payload)
        return IPC_EINVAL;
    if (length > IPC_MAX_PAYLOAD)
        return IPC_ETOOBIG;
    struct ipc_node *n = node_create(type, flags, payload, length);
    return n ? channel_send(ch, n, NULL) : IPC_ENOMEM;
}

/* Takes a message, waiting until `deadline` (ms since boot, 0 for ever) when `wait` is set. */
static int receive(ipc_channel_t ch, ipc_message_t *out, bool wait, uint64_t deadline) {
    if (!out)
        return IPC_EINVAL;
    struct ipc_node *n = NULL;
    int status = IPC_OK;
    uint64_t irq = arch_save_irq_state();
    while (status == IPC_OK) {
        struct channel *c = get(ch);
        uint64_t now = uptime_ms();
        if (!c)
            status = IPC_ENOCHANNEL;
        else if ((n = ring_take(&c->ring)) != NULL)
            break;
        else if (!wait)
            status = IPC_EEMPTY;
        else if (deadline && now >= deadline)
            status = IPC_ETIMEOUT;
        else
            wait_on(&c->receivers, deadline ? (uint32_t)(deadline - now) : 0);
    }
    arch_restore_irq_state(irq);
    if (n)
        node_deliver(n, out);
    return status;
}

int ipc_receive(ipc_channel_t ch, ipc_message_t *out, uint32_t timeout_ms) {
    return receive(ch, out, true, timeout_ms ? uptime_ms() + timeout_ms : 0);
}

int ipc_try_receive(ipc_channel_t ch, ipc_message_t *out) {
    return receive(ch, out, false, 0);
}

int ipc_broadcast(uint32_t type, const void *payload, uint32_t length) {
    int reached = 0;
    if (length > IPC_MAX_PAYLOAD)
        return IPC_ETOOBIG;
    for (ipc_channel_t ch = 0; ch < IPC_MAX_CHANNELS; ch++)
        if (ch != slm_channel && ipc_send(ch, type, IPC_BROADCAST, payload, length) == IPC_OK)
            reached++;
    return reached;
}

static void ipc_init(void) {
    slm_channel = create(SLM_CHANNEL_NAME, IPC_SLM_RING_SLOTS);
    if (slm_channel < 0)
        log_error("IPC", "no memory for the SLM's channel");
    else
        log_info("IPC", "Message channels initialized: %d, SLM channel %d", IPC_MAX_CHANNELS, slm_channel);
}
INITCALL(INIT_IPC, ipc_init);
