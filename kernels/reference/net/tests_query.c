/* Self-tests of checksums, names, echo and interfaces; with a card that has a link, of the lease that it must get. */
#include <auton/errno.h>
#include <auton/net.h>
#include <auton/netdev.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "wire.h"

#define LEASE_TIMEOUT_MS 15000

SELFTEST(net_resolve, "net") {
    ip_addr_t ip = 0;
    CHECK(net_resolve("localhost", &ip, 1000) == 0 && ip == IP_LOOPBACK);
    CHECK(net_resolve("10.1.2.3", &ip, 1000) == 0 && ip == IP(10, 1, 2, 3));
    CHECK(net_resolve("two..dots", &ip, 1000) == -EINVAL && net_resolve("", &ip, 1000) == -EINVAL);
    return NULL;
}

SELFTEST(net_ping, "net") {
    uint32_t rtt_us = 0;
    CHECK(net_ping(IP_LOOPBACK, 56, 2000, &rtt_us) == 0 && rtt_us > 0 && rtt_us < 2000000);
    CHECK(net_ping(IP_LOOPBACK, 5000, 2000, &rtt_us) == 0); /* in fragments */
    CHECK(net_ping(IP_LOOPBACK, 65530, 2000, &rtt_us) == -EMSGSIZE);
    return NULL;
}

/* As the definition has it: byte after byte. */
static uint16_t slow_checksum(const uint8_t *data, size_t bytes) {
    uint32_t sum = 0;
    for (size_t i = 0; i < bytes; i++)
        sum += i & 1 ? data[i] : (uint32_t)data[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

SELFTEST(net_checksum, "net") {
    static uint8_t data[80];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(0xFF - i * 37 % 29); /* large ones, so that sums overflow */
    for (size_t start = 0; start < 16; start++)
        for (size_t bytes = 0; start + bytes <= sizeof data; bytes++) {
            uint32_t sum = checksum_add(0, data + start, bytes);
            CHECK(checksum_end(sum) == slow_checksum(data + start, bytes));
        }
    return NULL;
}

static bool has_link(void) {
    for (net_device_t *card = netdev_first(); card; card = card->next)
        if (card->stack_data && card->link_up)
            return true;
    return false;
}

SELFTEST(net_interfaces, "net") {
    struct net_interface ifs[8];
    CHECK(net_interfaces(ifs, ARRAY_SIZE(ifs)) >= 1 && net_interfaces(ifs, 1) == 1);
    CHECK(strcmp(ifs[0].name, "lo") == 0 && ifs[0].ip == IP_LOOPBACK && ifs[0].link_up);
    return NULL;
}

SELFTEST(net_lease, "net") {
    if (!has_link()) {
        CHECK(net_wait_online(10) == -ENODEV);
        return NULL;
    }
    struct net_interface ifs[8];
    CHECK(net_wait_online(LEASE_TIMEOUT_MS) == 0);
    size_t n = net_interfaces(ifs, ARRAY_SIZE(ifs)), good = 0;
    for (size_t i = 1; i < n; i++)
        good += ifs[i].ip && ifs[i].mask && (!ifs[i].dhcp || ifs[i].lease_left_s); /* or an address that was set */
    CHECK(good >= 1);
    uint32_t rtt_us;
    for (size_t i = 1; i < n; i++)
        if (ifs[i].ip)
            CHECK(net_ping(ifs[i].ip, 56, 2000, &rtt_us) == 0); /* our own address is reached without the card */
    return NULL;
}

static net_device_t *seen;
static int take(net_device_t *card, const void *frame, size_t bytes) {
    (void)frame;
    seen = card;
    card->counters.tx_bytes += bytes;
    return 0;
}
static size_t give(net_device_t *card, void *frame, size_t room) {
    (void)card, (void)frame, (void)room;
    return 0;
}

SELFTEST(net_card_comes_and_goes, "net") {
    static const struct net_device_ops ops = {take, give};
    static net_device_t card = {.ops = &ops, .mac = {2, 0, 0, 0, 0, 9}};
    struct net_interface ifs[8];
    size_t before = net_interfaces(ifs, ARRAY_SIZE(ifs));
    CHECK(netdev_register(&card) == 0 && card.on_receive && net_interfaces(ifs, ARRAY_SIZE(ifs)) == before + 1);
    CHECK(strcmp(ifs[before].name, card.name) == 0 && memcmp(ifs[before].mac, card.mac, 6) == 0 && !ifs[before].link_up);
    CHECK(netdev_unregister(&card) == 0 && !card.on_receive && net_interfaces(ifs, ARRAY_SIZE(ifs)) == before);
    return NULL;
}
