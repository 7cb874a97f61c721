/* Two threads that hand the processor to and fro: by a wait queue alone, and by messages. */
#include "bench.h"
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/ipc.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/string.h>

#define PAYLOAD_BYTES 64
#define SETTLE_MS 10000 /* more than any measurement takes */

static struct {
    struct wait_queue queue[2];
    volatile unsigned turn; /* whose it is */
    uint32_t rounds;
} game;

static void play(unsigned self) {
    uint64_t irq = arch_save_irq_state();
    for (uint32_t i = 0; i < game.rounds; i++) {
        while (game.turn != self)
            wait_on(&game.queue[self], 0);
        game.turn = !self;
        wake_one(&game.queue[!self]);
    }
    arch_restore_irq_state(irq);
}

static void second_player(void *unused) {
    (void)unused;
    play(1);
}

/* The first player, in the class of the second: the shell's own class may be another one. */
static void play_out(void *ns) {
    tid_t second = thread_create("bench b", PRIO_SYSTEM, second_player, NULL);
    uint64_t start = arch_time_ns();
    if (!second)
        return;
    play(0);
    thread_join(second, SETTLE_MS);
    *(uint64_t *)ns = arch_time_ns() - start;
}

int bench_context_switch(uint32_t rounds, uint64_t *ns) {
    uint64_t total = 0;
    game.turn = 0;
    game.rounds = rounds;
    tid_t first = thread_create("bench a", PRIO_SYSTEM, play_out, &total);
    if (!first || thread_join(first, 0) != 0 || !total)
        return -ENOMEM;
    *ns = total / rounds / 2;
    return 0;
}

struct exchange {
    ipc_channel_t there, back;
    uint32_t rounds;
    uint64_t ns;
    int status;
    ipc_message_t asked, answered;
};

static void answer_all(void *arg) {
    struct exchange *x = arg;
    for (uint32_t i = 0; i < x->rounds; i++)
        if (ipc_receive(x->there, &x->asked, SETTLE_MS) != IPC_OK ||
            ipc_send(x->back, IPC_GENERAL, IPC_REPLY, x->asked.payload, x->asked.header.length) != IPC_OK)
            return;
}

static void ask_all(void *arg) {
    struct exchange *x = arg;
    uint8_t payload[PAYLOAD_BYTES] = {0};
    tid_t other = thread_create("bench b", PRIO_SYSTEM, answer_all, x);
    uint64_t start = arch_time_ns();
    x->status = other ? 0 : -ENOMEM;
    for (uint32_t i = 0; i < x->rounds && x->status == 0; i++) {
        memcpy(payload, &i, sizeof i);
        if (ipc_send(x->there, IPC_GENERAL, 0, payload, sizeof payload) != IPC_OK ||
            ipc_receive(x->back, &x->answered, SETTLE_MS) != IPC_OK ||
            memcmp(x->answered.payload, payload, sizeof payload) != 0)
            x->status = -EBADMSG;
    }
    x->ns = arch_time_ns() - start;
    if (other)
        thread_join(other, 2 * SETTLE_MS);
}

int bench_ipc(uint32_t rounds, uint64_t *ns) {
    struct exchange *x = kzalloc(sizeof *x);
    if (!x)
        return -ENOMEM;
    x->there = ipc_channel_create("bench there");
    x->back = ipc_channel_create("bench back");
    x->rounds = rounds;
    tid_t asker = x->there >= 0 && x->back >= 0 ? thread_create("bench a", PRIO_SYSTEM, ask_all, x) : 0;
    int status = asker && thread_join(asker, 0) == 0 ? x->status : -ENOMEM;
    ipc_channel_destroy(x->there);
    ipc_channel_destroy(x->back);
    *ns = x->ns / rounds;
    kfree(x);
    return status;
}
