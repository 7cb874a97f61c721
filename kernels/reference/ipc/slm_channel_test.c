/* Self-test of requests to the SLM, over a channel of its own where the test plays the SLM's part. */
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "ipc_internal.h"

#define REQUESTERS 3

static ipc_channel_t channel;
static struct {
    const char *text;
    uint32_t flags;
    int status;
    char reply[64];
} requests[REQUESTERS];
static ipc_message_t message;

static void ask(void *arg) {
    uint64_t i = (uint64_t)arg;
    requests[i].status = slm_request_on(channel, requests[i].text, (uint32_t)(100 + i), requests[i].flags,
                                        requests[i].reply, sizeof requests[i].reply, 2000);
}

/* Waits until `count` requesters have sent theirs, then answers; returns the order of the sessions as digits. */
static uint32_t answer_all(unsigned count) {
    char text[64];
    uint32_t order = 0;
    for (unsigned i = 0; i < count; i++) {
        if (ipc_receive(channel, &message, 1000) != IPC_OK)
            return 0;
        order = order * 10 + ipc_slm_session(&message) - 100 + 1;
        ksnprintf(text, sizeof text, "answer to %s", ipc_slm_text(&message));
        if (ipc_slm_reply(&message, text) != IPC_OK)
            return 0;
    }
    return order;
}

SELFTEST(ipc_slm_channel, "ipc") {
    static const char *const texts[REQUESTERS] = {"first", "second", "urgent"};
    tid_t tids[REQUESTERS];
    char reply[8];
    CHECK(slm_channel >= 0 && ipc_channel_find("slm") == slm_channel);
    CHECK((channel = ipc_channel_create("slm-test")) >= 0);
    for (uint64_t i = 0; i < REQUESTERS; i++) {
        requests[i].text = texts[i];
        requests[i].flags = i == 2 ? IPC_URGENT : 0;
        requests[i].status = 1;
        CHECK((tids[i] = thread_create("asker", PRIO_SYSTEM, ask, (void *)i)) != 0);
        CHECK(thread_join(tids[i], 10) == -1); /* it has sent its request, and waits */
    }
    CHECK(answer_all(REQUESTERS) == 312);
    for (unsigned i = 0; i < REQUESTERS; i++) {
        CHECK(thread_join(tids[i], 1000) == 0 && requests[i].status == IPC_OK);
        CHECK(strncmp(requests[i].reply, "answer to ", 10) == 0 && strcmp(requests[i].reply + 10, texts[i]) == 0);
    }

    /* Nobody answers in time; the late answer finds nobody. */
    CHECK(slm_request_on(channel, "slow", 1, 0, reply, sizeof reply, 10) == IPC_ETIMEOUT);
    CHECK(ipc_try_receive(channel, &message) == IPC_OK && ipc_slm_reply(&message, "too late") == IPC_ENOCHANNEL);
    CHECK((message.header.flags & IPC_SLM) && message.header.type == IPC_SLM_QUERY);

    /* A killed requester does the same. */
    CHECK((tids[0] = thread_create("asker", PRIO_SYSTEM, ask, (void *)0)) != 0 && thread_join(tids[0], 10) == -1);
    CHECK(thread_kill(tids[0]) == 0 && ipc_try_receive(channel, &message) == IPC_OK);
    ipc_slm_reply(&message, "to the dead");
    CHECK(slm_request_on(channel, "slow", 1, 0, reply, sizeof reply, 10) == IPC_ETIMEOUT);
    CHECK(ipc_channel_destroy(channel) == IPC_OK);
    CHECK(ipc_slm_request(NULL, 0, 0, reply, sizeof reply, 1) == IPC_EINVAL);
    return NULL;
}

static void ask_twice(void *arg) {
    (void)arg;
    requests[0].status = slm_request_on(channel, "slow", 1, 0, requests[0].reply, sizeof requests[0].reply, 10);
    requests[1].status = slm_request_on(channel, "again", 1, 0, requests[1].reply, sizeof requests[1].reply, 2000);
}

/* The answer to a request that was given up must not be taken for the answer to the next one of the same thread. */
SELFTEST(ipc_slm_late_answer, "ipc") {
    static ipc_message_t late;
    CHECK((channel = ipc_channel_create("slm-test")) >= 0);
    tid_t tid = thread_create("asker", PRIO_SYSTEM, ask_twice, NULL);
    CHECK(tid != 0);
    bool received = ipc_receive(channel, &late, 1000) == IPC_OK && ipc_receive(channel, &message, 1000) == IPC_OK;
    int refused = ipc_slm_reply(&late, "late"), answered = ipc_slm_reply(&message, "right");
    bool ended = thread_join(tid, 3000) == 0;
    CHECK(ipc_channel_destroy(channel) == IPC_OK);
    CHECK(received && ended && refused == IPC_ENOCHANNEL && answered == IPC_OK);
    CHECK(requests[0].status == IPC_ETIMEOUT && requests[1].status == IPC_OK);
    CHECK(strcmp(requests[1].reply, "right") == 0);
    return NULL;
}
