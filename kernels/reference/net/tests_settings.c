/* Self-tests of addresses that are set: how they are written, what is refused, and what an interface makes of them. */
#include <auton/errno.h>
#include <auton/net.h>
#include <auton/netdev.h>
#include <auton/selftest.h>
#include <auton/string.h>

SELFTEST(net_settings_text, "net") {
    struct net_settings s;
    char text[NET_SETTINGS_TEXT];
    CHECK(net_settings_parse("10.0.2.15/24,gw=10.0.2.2,dns=10.0.2.3", &s) == NULL);
    CHECK(!s.dhcp && s.ip == IP(10, 0, 2, 15) && s.mask == IP(255, 255, 255, 0) && s.gateway == IP(10, 0, 2, 2) &&
          s.dns == IP(10, 0, 2, 3));
    CHECK(strcmp(net_settings_format(&s, text), "10.0.2.15/24,gw=10.0.2.2,dns=10.0.2.3") == 0);
    CHECK(net_settings_parse("mask=255.255.255.252,172.16.0.1", &s) == NULL);
    CHECK(strcmp(net_settings_format(&s, text), "172.16.0.1/30") == 0);
    CHECK(net_settings_parse("dhcp", &s) == NULL && s.dhcp && strcmp(net_settings_format(&s, text), "dhcp") == 0);
    return NULL;
}

SELFTEST(net_settings_refused, "net") {
    static const struct {
        const char *text, *why;
    } NONSENSE[] = {
        {"", "four numbers"},
        {"10.0.2.300/24", "four numbers"},
        {"10.0.2.15", "how large"},
        {"10.0.2.15/0", "1 to 30"},
        {"10.0.2.15/31", "1 to 30"},
        {"10.0.2.15/33", "1 to 30"},
        {"10.0.2.15,mask=255.0.255.0", "1 to 30"},
        {"10.0.2.0/24", "network itself"},
        {"10.0.2.255/24", "everybody"},
        {"127.0.0.1/8", "no machine"},
        {"224.0.0.1/24", "no machine"},
        {"0.0.0.1/24", "no machine"},
        {"10.0.2.15/24,gw=10.0.3.1", "not in that network"},
        {"10.0.2.15/24,gw=10.0.2.15", "no other machine"},
        {"10.0.2.15/24,gw=10.0.2.255", "no other machine"},
        {"10.0.2.15/24,dns=255.255.255.255", "name server"},
        {"10.0.2.15/24,gw=here", "four numbers"},
        {"10.0.2.15/24,10.0.2.16/24", "can follow"},
        {"gw=10.0.2.2", "no address"},
        {"10.0.2.15/24,gw=10.0.2.2,dns=10.0.2.3,gw=10.0.2.2,dns=10.0.2.3,gw=10.0.2.2,dns=10.0.2.3", "too long"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(NONSENSE); i++) {
        struct net_settings s;
        const char *why = net_settings_parse(NONSENSE[i].text, &s);
        CHECK(why != NULL);
        CHECK(strstr(why, NONSENSE[i].why) != NULL);
    }
    return NULL;
}

static int take(net_device_t *card, const void *frame, size_t bytes) {
    (void)card, (void)frame, (void)bytes;
    return 0;
}
static size_t give(net_device_t *card, void *frame, size_t room) {
    (void)card, (void)frame, (void)room;
    return 0;
}

static bool find(const char *name, struct net_interface *out) {
    struct net_interface list[8];
    size_t n = net_interfaces(list, ARRAY_SIZE(list));
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0) {
            *out = list[i];
            return true;
        }
    return false;
}

static bool remembers(const char *name) {
    char card[16];
    struct net_settings s;
    for (size_t i = 0; net_settings_at(i, card, &s); i++)
        if (strcmp(card, name) == 0)
            return true;
    return false;
}

static const char *configure_card(const char *name) {
    struct net_settings set, dhcp;
    struct net_interface now;
    uint32_t rtt_us;
    CHECK(net_settings_parse("192.168.77.5/24,gw=192.168.77.1", &set) == NULL && net_settings_parse("dhcp", &dhcp) == NULL);
    int status = net_configure(name, &set);
    CHECK((status == 0 || status == -EAGAIN) && remembers(name));
    if (status == 0) {
        CHECK(find(name, &now) && !now.dhcp && now.ip == set.ip && now.mask == set.mask && now.gateway == set.gateway);
        CHECK(net_ping(set.ip, 56, 2000, &rtt_us) == 0);
    }
    CHECK(net_configure(name, &dhcp) == status && !remembers(name));
    CHECK(find(name, &now) && now.ip == 0);
    return NULL;
}

SELFTEST(net_configure, "net") {
    static const struct net_device_ops ops = {take, give};
    static net_device_t card = {.ops = &ops, .mac = {2, 0, 0, 0, 0, 10}};
    struct net_settings s = {.dhcp = true};
    CHECK(net_configure("nowhere0", &s) == -ENODEV);
    CHECK(netdev_register(&card) == 0);
    const char *failure = configure_card(card.name);
    CHECK(netdev_unregister(&card) == 0);
    return failure;
}
