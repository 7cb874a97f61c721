/* Two threads of one process that hand the processor to and fro by a futex: no page table is changed. Two processes
 * that send one another 64 bytes through two pipes: the fastest message that Linux has without shared memory. */
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAYLOAD_BYTES 64

static volatile uint32_t turn;
static uint32_t total_rounds;

static void *play(void *arg) {
    uint32_t self = (uint32_t)(uintptr_t)arg;
    for (uint32_t i = 0; i < total_rounds; i++) {
        while (turn != self)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !self, NULL, NULL, 0);
        turn = !self;
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

uint64_t context_switch_ns(uint32_t rounds) {
    pthread_t second;
    turn = 0;
    total_rounds = rounds;
    FAIL_IF(pthread_create(&second, NULL, play, (void *)1) != 0);
    uint64_t start = now_ns();
    play((void *)0);
    pthread_join(second, NULL);
    return (now_ns() - start) / rounds / 2;
}

static void answer_all(int from, int to, uint32_t rounds) {
    uint8_t message[PAYLOAD_BYTES];
    for (uint32_t i = 0; i < rounds; i++) {
        FAIL_IF(read(from, message, sizeof message) != sizeof message);
        FAIL_IF(write(to, message, sizeof message) != sizeof message);
    }
}

uint64_t round_trip_ns(uint32_t rounds) {
    int there[2], back[2];
    uint8_t payload[PAYLOAD_BYTES] = {0}, answer[PAYLOAD_BYTES];
    FAIL_IF(pipe(there) != 0 || pipe(back) != 0);
    pid_t other = fork();
    if (other == 0) {
        answer_all(there[0], back[1], rounds);
        _exit(0);
    }
    uint64_t start = now_ns();
    for (uint32_t i = 0; i < rounds; i++) {
        memcpy(payload, &i, sizeof i);
        FAIL_IF(write(there[1], payload, sizeof payload) != sizeof payload);
        FAIL_IF(read(back[0], answer, sizeof answer) != sizeof answer);
        FAIL_IF(memcmp(answer, payload, sizeof payload) != 0);
    }
    uint64_t ns = (now_ns() - start) / rounds;
    waitpid(other, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
    return ns;
}
