/* The registry of network cards, between their drivers and the network stack. */
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/netdev.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/sync.h>

static net_device_t *cards;
static spinlock_t lock;
void (*netdev_added_hook)(net_device_t *card);
void (*netdev_removed_hook)(net_device_t *card);

net_device_t *netdev_first(void) {
    return cards;
}

net_device_t *netdev_find(const char *name) {
    net_device_t *card = cards;
    while (card && strcmp(card->name, name) != 0)
        card = card->next;
    return card;
}

int netdev_register(net_device_t *card) {
    if (!card->ops || !card->ops->transmit || !card->ops->receive)
        return -EINVAL;
    uint64_t irq = spin_lock(&lock);
    unsigned number = 0;
    do
        ksnprintf(card->name, sizeof card->name, "eth%u", number++);
    while (netdev_find(card->name));
    net_device_t **end = &cards;
    while (*end)
        end = &(*end)->next;
    card->next = NULL;
    *end = card;
    spin_unlock(&lock, irq);
    if (netdev_added_hook)
        netdev_added_hook(card);
    return 0;
}

int netdev_unregister(net_device_t *card) {
    uint64_t irq = spin_lock(&lock);
    net_device_t **at = &cards;
    while (*at && *at != card)
        at = &(*at)->next;
    bool found = *at != NULL;
    if (found)
        *at = card->next;
    spin_unlock(&lock, irq);
    if (found && netdev_removed_hook)
        netdev_removed_hook(card);
    return found ? 0 : -ENODEV;
}

void netdev_set_link(net_device_t *card, bool up) {
    if (card->link_up == up)
        return;
    card->link_up = up;
    log_info("DRV", "%s: link %s", card->name, up ? "up" : "down");
    if (card->on_receive)
        card->on_receive(card);
}

static int send_nothing(net_device_t *card, const void *frame, size_t bytes) {
    (void)card, (void)frame, (void)bytes;
    return -ENETDOWN;
}
static size_t receive_nothing(net_device_t *card, void *frame, size_t room) {
    (void)card, (void)frame, (void)room;
    return 0;
}

static unsigned looks;
static void count_looks(net_device_t *card) {
    (void)card;
    looks++;
}

SELFTEST(netdev_link, "dev") {
    static net_device_t card = {.name = "test0", .on_receive = count_looks};
    looks = 0;
    card.link_up = false;
    netdev_set_link(&card, false);
    bool same = looks == 0;
    netdev_set_link(&card, true);
    CHECK(same && looks == 1 && card.link_up);
    return NULL;
}

SELFTEST(netdev_registry, "dev") {
    static const struct net_device_ops ops = {send_nothing, receive_nothing};
    static net_device_t one = {.ops = &ops}, two = {.ops = &ops}, three = {.ops = &ops}, broken;
    CHECK(netdev_register(&broken) == -EINVAL);
    CHECK(netdev_register(&one) == 0 && netdev_register(&two) == 0);
    bool named = strcmp(one.name, two.name) != 0 && netdev_find(one.name) == &one && netdev_find(two.name) == &two;
    char freed[16];
    strlcpy(freed, one.name, sizeof freed);
    int gone = netdev_unregister(&one), again = netdev_unregister(&one);
    netdev_register(&three); /* takes the name that became free */
    bool reused = strcmp(three.name, freed) == 0;
    netdev_unregister(&two);
    netdev_unregister(&three);
    CHECK(named && gone == 0 && again == -ENODEV && reused);
    CHECK(!netdev_find(freed));
    return NULL;
}
