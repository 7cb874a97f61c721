/* Self-tests of channels and of the way to the SLM. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "ipc_internal.h"

static ipc_message_t message; /* too large for a stack; the tests run one after the other */

SELFTEST(ipc_send_receive, "ipc") {
    uint8_t data[IPC_MAX_PAYLOAD];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31);
    ipc_channel_t ch = ipc_channel_create("test");
    CHECK(ch >= 0 && ipc_channel_find("test") == ch && ipc_channel_create("test") == IPC_EINVAL);
    CHECK(ipc_try_receive(ch, &message) == IPC_EEMPTY);
    CHECK(ipc_send(ch, IPC_DEVICE, 0, "hello", 6) == IPC_OK && ipc_send(ch, IPC_DRIVER, 0, data, sizeof data) == IPC_OK);
    CHECK(ipc_receive(ch, &message, 0) == IPC_OK && message.header.magic == IPC_MAGIC && message.header.type == IPC_DEVICE);
    CHECK(message.header.length == 6 && strcmp((char *)message.payload, "hello") == 0 && message.header.sequence == 1);
    CHECK(message.header.sender == thread_current() && message.header.receiver == (uint32_t)ch);
    CHECK(ipc_receive(ch, &message, 0) == IPC_OK && message.header.length == sizeof data && message.header.sequence == 2);
    CHECK(memcmp(message.payload, data, sizeof data) == 0);
    CHECK(ipc_receive(ch, &message, 10) == IPC_ETIMEOUT);
    CHECK(ipc_send(ch, 0, 0, data, IPC_MAX_PAYLOAD + 1) == IPC_ETOOBIG && ipc_send(ch, 0, 0, NULL, 1) == IPC_EINVAL);
    CHECK(ipc_channel_destroy(ch) == IPC_OK && ipc_channel_destroy(ch) == IPC_ENOCHANNEL);
    CHECK(ipc_send(ch, 0, 0, NULL, 0) == IPC_ENOCHANNEL && ipc_channel_find("test") == IPC_ENOCHANNEL);
    return NULL;
}

SELFTEST(ipc_ring_order, "ipc") {
    ipc_channel_t ch = ipc_channel_create("order");
    CHECK(ch >= 0);
    uint32_t i;
    for (i = 0; i < IPC_RING_SLOTS; i++)
        CHECK(ipc_send(ch, IPC_GENERAL, i % 4 == 3 ? IPC_URGENT : 0, &i, sizeof i) == IPC_OK);
    CHECK(ipc_send(ch, IPC_GENERAL, 0, NULL, 0) == IPC_EFULL);
    for (i = 0; i < IPC_RING_SLOTS; i++) { /* 3, 7, 11, ... and then 0, 1, 2, 4, ... */
        uint32_t got, urgent = IPC_RING_SLOTS / 4, n = i - urgent, expected = i < urgent ? i * 4 + 3 : n / 3 * 4 + n % 3;
        CHECK(ipc_try_receive(ch, &message) == IPC_OK);
        memcpy(&got, message.payload, sizeof got);
        CHECK(got == expected);
    }
    CHECK(ipc_try_receive(ch, &message) == IPC_EEMPTY && ipc_channel_destroy(ch) == IPC_OK);
    return NULL;
}

static int receiver_status;
static uint32_t receiver_got;
static void receiver(void *arg) {
    static ipc_message_t m;
    receiver_status = ipc_receive((ipc_channel_t)(uint64_t)arg, &m, 2000);
    memcpy(&receiver_got, m.payload, sizeof receiver_got);
}

SELFTEST(ipc_wakes_receiver, "ipc") {
    uint32_t value = 0xCAFE;
    ipc_channel_t ch = ipc_channel_create("wake");
    tid_t tid = thread_create("receiver", PRIO_SYSTEM, receiver, (void *)(uint64_t)ch);
    CHECK(ch >= 0 && tid && thread_join(tid, 10) == -1); /* it waits */
    CHECK(ipc_send(ch, IPC_GENERAL, 0, &value, sizeof value) == IPC_OK && thread_join(tid, 1000) == 0);
    CHECK(receiver_status == IPC_OK && receiver_got == value);
    tid = thread_create("receiver", PRIO_SYSTEM, receiver, (void *)(uint64_t)ch);
    CHECK(tid && thread_join(tid, 10) == -1 && ipc_channel_destroy(ch) == IPC_OK);
    CHECK(thread_join(tid, 1000) == 0 && receiver_status == IPC_ENOCHANNEL);
    return NULL;
}

SELFTEST(ipc_channel_limits, "ipc") {
    static ipc_channel_t made[IPC_MAX_CHANNELS];
    char name[16];
    unsigned n = 0;
    uint64_t before = pmm_free_page_count();
    ipc_channel_t ch;
    for (;; n++) {
        ksnprintf(name, sizeof name, "limit%u", n);
        if ((ch = ipc_channel_create(name)) < 0)
            break;
        made[n] = ch;
    }
    int reached = ipc_broadcast(IPC_SYSTEM, "all", 4);
    for (unsigned i = 0; i < n; i++)
        CHECK(ipc_channel_destroy(made[i]) == IPC_OK);
    CHECK(ch == IPC_EFULL && n > 200 && n < IPC_MAX_CHANNELS && reached >= (int)n);
    CHECK(ipc_channel_create("") == IPC_EINVAL && ipc_channel_create("a name that is much too long for a channel") == IPC_EINVAL);
    CHECK(ipc_channel_destroy(slm_channel) == IPC_EPERM);
    CHECK(pmm_free_page_count() + 64 >= before); /* at most a few empty slabs stay */
    return NULL;
}
