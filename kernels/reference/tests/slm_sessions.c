/* Several threads talk to the SLM at once, each in a session of its own: each gets the answer to its own question. */
#include <auton/ipc.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/slm.h>
#include <auton/string.h>

#define ROUNDS 3 /* a model may think about each */
#define TIMEOUT_MS 5000

struct talker {
    const char *question, *expected;
    uint32_t session;
    const char *failure;
};

static struct talker talkers[] = {
    {"what is 8086:100e?", "8086:100e", 11, NULL},
    {"what is 10ec:8139?", "10ec:8139", 12, NULL},
    {"what is 1af4:1000?", "1af4:1000", 13, NULL},
    {"what is dead:beef?", "dead:beef", 14, NULL},
};

static void talk(void *arg) {
    struct talker *self = arg;
    char reply[1024];
    for (unsigned round = 0; round < ROUNDS && !self->failure; round++) {
        if (ipc_slm_request(self->question, self->session, round % 2 ? IPC_URGENT : 0, reply, sizeof reply,
                            TIMEOUT_MS) < 0)
            self->failure = "the SLM did not answer";
        else if (!strstr(reply, self->expected))
            self->failure = "the answer is not to the question that was asked";
    }
}

SELFTEST(stress_slm_sessions, "tests") {
    tid_t tids[ARRAY_SIZE(talkers)];
    for (unsigned i = 0; i < ARRAY_SIZE(talkers); i++) {
        tids[i] = thread_create("talker", PRIO_SYSTEM, talk, &talkers[i]);
        CHECK(tids[i] != 0);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(talkers); i++)
        CHECK(thread_join(tids[i], 2 * ROUNDS * TIMEOUT_MS) == 0);
    for (unsigned i = 0; i < ARRAY_SIZE(talkers); i++)
        if (talkers[i].failure)
            return talkers[i].failure;
    return NULL;
}
