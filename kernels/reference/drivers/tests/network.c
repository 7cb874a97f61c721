/* Self-tests of real network cards. `echo=eth0,eth1` names those whose other end sends back each frame of our type
 * with source and destination exchanged; a card that a network stack has taken is left to it. */
#include <auton/boot.h>
#include <auton/errno.h>
#include <auton/netdev.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define TYPE_EXPERIMENT_HIGH 0x88 /* 0x88B5: for local experiments */
#define TYPE_EXPERIMENT_LOW 0xB5
#define HEADER 14
#define FRAME_MIN 60
#define ECHO_MS 5000

static struct completion arrived;
static void on_receive(net_device_t *card) {
    (void)card;
    complete(&arrived);
}
static void look(void *unused) {
    (void)unused;
}

static void compose(const net_device_t *card, uint8_t *frame, size_t bytes, uint8_t number) {
    memset(frame, 0xFF, 6);
    memcpy(frame + 6, card->mac, 6);
    frame[12] = TYPE_EXPERIMENT_HIGH;
    frame[13] = TYPE_EXPERIMENT_LOW;
    for (size_t i = HEADER; i < bytes; i++)
        frame[i] = (uint8_t)(i * 31 + number);
}

/* The next echo within the time, 0 when there is none. Other frames on the wire are passed over. */
static size_t next_echo(net_device_t *card, uint8_t *frame) {
    uint64_t deadline = uptime_ms() + ECHO_MS;
    while (uptime_ms() < deadline) {
        completion_reset(&arrived);
        size_t bytes;
        while ((bytes = card->ops->receive(card, frame, NETDEV_FRAME_MAX)) != 0)
            if (bytes > HEADER && frame[12] == TYPE_EXPERIMENT_HIGH && frame[13] == TYPE_EXPERIMENT_LOW)
                return bytes;
        completion_wait(&arrived, 1000, look, NULL); /* nothing was there: the card interrupts */
    }
    return 0;
}

static const char *echo(net_device_t *card) {
    static const size_t sizes[] = {HEADER + 1, FRAME_MIN, FRAME_MIN + 1, 500, 1500, NETDEV_FRAME_MAX};
    static uint8_t out[NETDEV_FRAME_MAX], back[NETDEV_FRAME_MAX];
    for (uint8_t i = 0; i < 100; i++) { /* more than any ring holds */
        size_t bytes = sizes[i % ARRAY_SIZE(sizes)], padded = bytes < FRAME_MIN ? FRAME_MIN : bytes;
        memset(out, 0, sizeof out);
        compose(card, out, bytes, i);
        CHECK(card->ops->transmit(card, out, bytes) == 0);
        size_t came = next_echo(card, back);
        CHECK(came == padded);
        CHECK(memcmp(back, card->mac, 6) == 0);
        CHECK(memcmp(back + HEADER, out + HEADER, padded - HEADER) == 0);
    }
    CHECK(card->counters.rx_frames >= 100 && card->counters.tx_frames >= 100);
    CHECK(card->ops->transmit(card, out, NETDEV_FRAME_MAX + 1) == -EMSGSIZE);
    return NULL;
}

/* A burst fills the ring: what does not fit is refused, what was taken arrives whole and in order. */
static const char *burst(net_device_t *card) {
    static uint8_t out[NETDEV_FRAME_MAX], back[NETDEV_FRAME_MAX];
    unsigned taken = 0, echoed = 0;
    int last = -1;
    for (unsigned i = 0; i < 48; i++) {
        compose(card, out, 200, (uint8_t)i);
        int result = card->ops->transmit(card, out, 200);
        CHECK(result == 0 || result == -EAGAIN);
        taken += result == 0;
    }
    while (echoed < taken && next_echo(card, back) == 200) {
        int number = (uint8_t)(back[HEADER] - HEADER * 31);
        CHECK(number > last);
        last = number;
        echoed++;
    }
    CHECK(taken > 0 && echoed == taken);
    return NULL;
}

static const char *for_each_echo(const char *(*test)(net_device_t *card)) {
    char list[64], *next;
    if (!cmdline_get("echo", list, sizeof list))
        return NULL;
    for (char *name = list; *name; name = next) {
        next = strchr(name, ',');
        if (next)
            *next++ = '\0';
        else
            next = name + strlen(name);
        net_device_t *card = netdev_find(name);
        if (!card)
            return "the machine has no card of the name that echo= gives";
        if (card->on_receive)
            return "a network stack has taken the card that echo= gives";
        for (int i = 0; i < 50 && !card->link_up; i++)
            thread_sleep_ms(100);
        card->on_receive = on_receive;
        const char *reason = test(card);
        card->on_receive = NULL;
        if (reason)
            return reason;
    }
    return NULL;
}
SELFTEST(network_echo, "drivers") {
    return for_each_echo(echo);
}
SELFTEST(network_burst, "drivers") {
    return for_each_echo(burst);
}

SELFTEST(network_addresses, "drivers") {
    static const uint8_t zero[6];
    for (const net_device_t *card = netdev_first(); card; card = card->next) {
        CHECK(!(card->mac[0] & 1) && memcmp(card->mac, zero, 6) != 0);
        for (const net_device_t *other = card->next; other; other = other->next)
            CHECK(memcmp(card->mac, other->mac, 6) != 0);
    }
    return NULL;
}
