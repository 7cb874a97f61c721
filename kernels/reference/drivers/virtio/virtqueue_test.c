/* Self-tests of the split virtqueue with a device made of three functions, which can lie. */
#include "virtqueue.h"
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define SIZE 4

static unsigned notified;
static uint32_t fake_max(struct virtio *v, uint16_t index) {
    (void)v;
    return index == 0 ? SIZE : 0;
}
static int fake_start(struct virtio *v, struct virtqueue *q) {
    (void)v, (void)q;
    return 0;
}
static void fake_notify(struct virtqueue *q) {
    (void)q;
    notified++;
}
static const struct virtio_transport fake = {.queue_max = fake_max, .queue_start = fake_start, .notify = fake_notify};
static device_t fake_device = {.name = "selftest"};
static struct virtio owner = {.dev = &fake_device, .transport = &fake};

/* The rings as the specification lays them out: what a device sees. */
static volatile uint16_t *available_index(struct virtqueue *q) {
    return (uint16_t *)phys_to_virt(q->available_phys) + 1;
}
static volatile uint16_t *used_flags(struct virtqueue *q) {
    return phys_to_virt(q->used_phys);
}
static void give_back(struct virtqueue *q, uint32_t id, uint32_t written) {
    volatile uint16_t *index = used_flags(q) + 1;
    volatile uint32_t *ring = (volatile uint32_t *)(used_flags(q) + 2);
    ring[*index % SIZE * 2] = id;
    ring[*index % SIZE * 2 + 1] = written;
    *index = (uint16_t)(*index + 1);
}
static uint16_t offered(struct virtqueue *q, unsigned entry) {
    return ((uint16_t *)phys_to_virt(q->available_phys))[2 + entry % SIZE];
}

SELFTEST(virtqueue_chains, "drivers") {
    static uint8_t out[16], in[32];
    static struct virtqueue q;
    const struct virtq_part parts[] = {{out, 16}, {in, 20}, {in + 20, 12}};
    uint32_t written = 0;
    CHECK(virtqueue_setup(&q, &owner, 0, 64) == 0); /* the slab that its records come from is there after this */
    virtqueue_free(&q);
    uint64_t before = pmm_free_page_count();
    CHECK(virtqueue_setup(&q, &owner, 1, SIZE) == -ENODEV);
    CHECK(virtqueue_setup(&q, &owner, 0, 64) == 0 && q.size == SIZE);
    bool good = true;
    for (unsigned turn = 0; good && turn < 70000; turn++) { /* the indices turn over */
        good = virtqueue_add(&q, parts, 1, 2, out) == 0 && virtqueue_add(&q, parts, 1, 1, in) == -EAGAIN &&
               virtqueue_add(&q, parts, 1, 0, in) == 0 && *available_index(&q) == (uint16_t)(2 * turn + 2);
        uint16_t long_one = offered(&q, 2 * turn), short_one = offered(&q, 2 * turn + 1);
        give_back(&q, short_one, 0); /* in any order */
        good = good && virtqueue_take(&q, &written) == in && written == 0 && !virtqueue_take(&q, &written);
        give_back(&q, long_one, 32);
        good = good && virtqueue_take(&q, &written) == out && written == 32 && !virtqueue_take(&q, &written);
    }
    notified = 0;
    virtqueue_kick(&q);
    *used_flags(&q) = 1;
    virtqueue_kick(&q);
    bool told = notified == 1;
    bool quiet = !virtqueue_set_interrupts(&q, false) && *(available_index(&q) - 1) == 1;
    virtqueue_add(&q, parts, 1, 0, in);
    give_back(&q, offered(&q, *available_index(&q) - 1u), 0);
    bool noticed = virtqueue_set_interrupts(&q, true) && *(available_index(&q) - 1) == 0;
    virtqueue_free(&q);
    virtqueue_free(&q);
    CHECK(good && told && quiet && noticed);
    CHECK(pmm_free_page_count() == before);
    return NULL;
}

/* One thing that cannot be, in a queue of its own: nothing may be taken from it afterwards. */
enum lie { LIE_ID, LIE_NOT_UNDER_WAY, LIE_TWICE, LIE_LENGTH, LIE_COUNT, LIES };
static bool believes(enum lie lie) {
    static uint8_t in[32];
    static struct virtqueue q;
    const struct virtq_part part = {in, sizeof in};
    uint32_t written;
    if (virtqueue_setup(&q, &owner, 0, SIZE) != 0 || virtqueue_add(&q, &part, 0, 1, in) != 0)
        return true;
    uint16_t id = offered(&q, 0);
    switch (lie) {
    case LIE_ID: give_back(&q, 0x10000 + id, 0); break;
    case LIE_NOT_UNDER_WAY: give_back(&q, (id + 1u) % SIZE, 0); break;
    case LIE_TWICE:
        give_back(&q, id, 0);
        virtqueue_take(&q, &written);
        give_back(&q, id, 0);
        break;
    case LIE_LENGTH: give_back(&q, id, sizeof in + 1); break;
    default: used_flags(&q)[1] = SIZE + 1;
    }
    bool taken = virtqueue_take(&q, &written) || !q.broken || virtqueue_add(&q, &part, 0, 1, in) != -EIO;
    virtqueue_free(&q);
    return taken;
}

SELFTEST(virtqueue_distrust, "drivers") {
    for (enum lie lie = 0; lie < LIES; lie++)
        CHECK(!believes(lie));
    return NULL;
}
