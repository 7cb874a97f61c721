/* A pair of NVMe rings: commands for the controller, completions from it. */
#include "nvme.h"
#include <auton/arch.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>

_Static_assert(sizeof(struct nvme_command) == 64 && sizeof(struct nvme_completion) == 16, "NVMe layout");

int nvme_queue_init(struct nvme_queue *q) {
    q->commands = dma_alloc(PAGE_SIZE, &q->commands_phys);
    q->completions = dma_alloc(PAGE_SIZE, &q->completions_phys);
    q->pages = dma_alloc(PAGE_SIZE, &q->pages_phys);
    if (!q->commands || !q->completions || !q->pages) {
        nvme_queue_free(q);
        return -ENOMEM;
    }
    nvme_queue_clear(q);
    return 0;
}

void nvme_queue_clear(struct nvme_queue *q) {
    memset(q->completions, 0, PAGE_SIZE);
    q->tail = q->head = 0;
    q->phase = 1;
    q->waiting = false;
}

void nvme_queue_free(struct nvme_queue *q) {
    dma_free(q->commands, PAGE_SIZE);
    dma_free(q->completions, PAGE_SIZE);
    dma_free(q->pages, PAGE_SIZE);
    q->commands = NULL;
    q->completions = NULL;
    q->pages = NULL;
}

int nvme_set_data(struct nvme_queue *q, struct nvme_command *command, const void *buffer, size_t bytes) {
    phys_addr_t at = virt_to_phys(buffer), second = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE, end = at + bytes;
    if (bytes > NVME_MOST_BYTES || at % 4)
        return -EINVAL;
    command->data = at;
    command->data2 = end > second ? second : 0;
    if (end > second + PAGE_SIZE) {
        unsigned count = 0;
        for (phys_addr_t page = second; page < end; page += PAGE_SIZE)
            q->pages[count++] = page;
        command->data2 = q->pages_phys;
    }
    return 0;
}

/* An answer to no command that is under way is passed over: it must not end another one. */
bool nvme_queue_collect(struct nvme_queue *q) {
    bool any = false;
    for (;;) {
        const struct nvme_completion *c = &q->completions[q->head];
        uint16_t status = __atomic_load_n(&c->status, __ATOMIC_ACQUIRE);
        if ((status & 1) != q->phase)
            break;
        any = true;
        if (q->waiting && c->id == q->next_id) {
            q->status = status >> 1;
            q->waiting = false;
            complete(&q->done);
        }
        q->head = (uint16_t)((q->head + 1) % NVME_QUEUE_SIZE);
        q->phase ^= q->head == 0;
    }
    if (any)
        *q->completion_doorbell = q->head;
    return any;
}

static void look(void *q) {
    nvme_queue_collect(q);
}

int nvme_perform(struct nvme_queue *q, struct nvme_command *command, uint32_t timeout_ms) {
    command->id = ++q->next_id;
    completion_reset(&q->done);
    q->waiting = true;
    q->commands[q->tail] = *command;
    q->tail = (uint16_t)((q->tail + 1) % NVME_QUEUE_SIZE);
    dma_barrier();
    *q->submission_doorbell = q->tail;
    if (!completion_wait(&q->done, timeout_ms, look, q)) {
        q->waiting = false;
        return -ETIMEDOUT;
    }
    return q->status & 0x7FF ? -EIO : 0; /* type and code of the error; the rest is for diagnosis */
}

SELFTEST(nvme_data_pages, "drivers") {
    static struct nvme_queue q;
    uint8_t *page = phys_to_virt(MB(4)); /* only the addresses count */
    struct nvme_command c = {0};
    CHECK(nvme_queue_init(&q) == 0);
    bool one = nvme_set_data(&q, &c, page, PAGE_SIZE) == 0 && c.data == MB(4) && c.data2 == 0;
    bool two = nvme_set_data(&q, &c, page + 8, PAGE_SIZE) == 0 && c.data == MB(4) + 8 && c.data2 == MB(4) + PAGE_SIZE;
    bool three = nvme_set_data(&q, &c, page + 8, 2 * PAGE_SIZE) == 0 && c.data2 == q.pages_phys &&
                 q.pages[0] == MB(4) + PAGE_SIZE && q.pages[1] == MB(4) + 2 * PAGE_SIZE;
    bool most = nvme_set_data(&q, &c, page + 8, NVME_MOST_BYTES) == 0 && q.pages[255] == MB(4) + 256 * PAGE_SIZE;
    bool refused = nvme_set_data(&q, &c, page, NVME_MOST_BYTES + 1) == -EINVAL;
    nvme_queue_free(&q);
    CHECK(one && two && three && most && refused);
    return NULL;
}

SELFTEST(nvme_completions, "drivers") {
    static struct nvme_queue q;
    uint32_t doorbell = 99;
    CHECK(nvme_queue_init(&q) == 0);
    q.completion_doorbell = &doorbell;
    q.next_id = 7;
    q.waiting = true;
    bool nothing = !nvme_queue_collect(&q) && doorbell == 99;
    q.completions[0] = (struct nvme_completion){.id = 6, .status = 1};
    bool stray = nvme_queue_collect(&q) && q.waiting && doorbell == 1;
    q.completions[1] = (struct nvme_completion){.id = 7, .status = 0x80 << 1 | 1};
    bool ours = nvme_queue_collect(&q) && !q.waiting && q.status == 0x80 && doorbell == 2;
    for (unsigned i = 2; i < NVME_QUEUE_SIZE; i++)
        q.completions[i].status = 1;
    bool round = nvme_queue_collect(&q) && doorbell == 0 && !nvme_queue_collect(&q); /* old entries are not new ones */
    nvme_queue_free(&q);
    completion_reset(&q.done);
    CHECK(nothing && stray && ours && round);
    return NULL;
}
