/* Several senders flood one channel while one receiver empties it: nothing is lost, nothing comes twice, and each
 * sender's messages stay in order. */
#include <auton/ipc.h>
#include <auton/sched.h>
#include <auton/selftest.h>

#define SENDERS 4
#define MESSAGES 250
#define TIMEOUT_MS 5000

struct content {
    uint32_t sender, number;
};

static ipc_channel_t channel;
static volatile uint32_t refused;

static void send_all(void *arg) {
    uint32_t sender = (uint32_t)(uintptr_t)arg;
    for (uint32_t number = 0; number < MESSAGES;) {
        struct content content = {sender, number};
        int status = ipc_send(channel, IPC_GENERAL, 0, &content, sizeof content);
        if (status == IPC_OK) {
            number++;
        } else if (status == IPC_EFULL) {
            __atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
            thread_sleep_ms(10); /* the receiver's turn */
        } else {
            return; /* the receiver will miss the rest and say so */
        }
    }
}

static const char *receive_all(void) {
    static ipc_message_t message;
    uint32_t expected[SENDERS] = {0};
    for (uint32_t received = 0; received < SENDERS * MESSAGES; received++) {
        if (ipc_receive(channel, &message, TIMEOUT_MS) != IPC_OK)
            return "messages were lost";
        struct content content;
        CHECK(message.header.length == sizeof content);
        __builtin_memcpy(&content, message.payload, sizeof content);
        CHECK(content.sender < SENDERS);
        CHECK(content.number == expected[content.sender]);
        expected[content.sender]++;
    }
    CHECK(ipc_try_receive(channel, &message) == IPC_EEMPTY);
    return NULL;
}

SELFTEST(stress_messages, "tests") {
    tid_t tids[SENDERS];
    channel = ipc_channel_create("stress");
    CHECK(channel >= 0);
    for (uintptr_t i = 0; i < SENDERS; i++) {
        tids[i] = thread_create("sender", PRIO_SYSTEM, send_all, (void *)i);
        CHECK(tids[i] != 0);
    }
    const char *failure = receive_all();
    for (unsigned i = 0; i < SENDERS; i++)
        if (thread_join(tids[i], TIMEOUT_MS) != 0 && !failure)
            failure = "a sender did not end";
    CHECK(ipc_channel_destroy(channel) == IPC_OK);
    return failure;
}
