/* Which address an interface gets: one that was set, by the command line or by people, else one by DHCP. */
#include <auton/boot.h>
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "configure.h"

#define FIRST_CARD "eth0"

/* Under the network's lock. The name is "" where an entry is free; cards may come and go meanwhile. */
static struct fixed {
    char card[16];
    struct net_settings settings;
} fixed[NET_MAX_IFS - 1];

void (*net_settings_load_hook)(void);
int (*net_settings_save_hook)(const char *path);

static struct fixed *find(const char *card) {
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        if (strcmp(fixed[i].card, card) == 0)
            return &fixed[i];
    return NULL;
}

int net_settings_remember(const char *card, const struct net_settings *s) {
    struct fixed *f = find(card);
    if (s->dhcp) {
        if (f)
            f->card[0] = '\0';
        return 0;
    }
    if (!f && !(f = find("")))
        return -ENOSPC;
    strlcpy(f->card, card, sizeof f->card);
    f->settings = *s;
    return 0;
}

bool net_settings_at(size_t index, char card[16], struct net_settings *out) {
    bool found = false;
    uint64_t irq = net_lock();
    for (size_t i = 0; i < ARRAY_SIZE(fixed) && !found; i++) {
        if (!fixed[i].card[0] || index-- > 0)
            continue;
        strlcpy(card, fixed[i].card, 16);
        *out = fixed[i].settings;
        found = true;
    }
    net_unlock(irq);
    return found;
}

static void give_up_lease(struct net_if *iface) {
    dhcp_stop(iface);
    net_set_address(iface, 0, 0, 0);
    iface->net->dns = 0; /* it came with the lease */
}

static void set_fixed(struct net_if *iface, const struct net_settings *s, bool link_changed) {
    char text[IP_TEXT];
    bool is_new = iface->ip != s->ip || iface->mask != s->mask || iface->gateway != s->gateway;
    net_set_address(iface, s->ip, s->mask, s->gateway);
    if (s->dns)
        iface->net->dns = s->dns;
    if (is_new)
        log_info("NET", "IP %s", ip_format(s->ip, text));
    if ((is_new || link_changed) && iface->link_up)
        arp_announce(iface);
    net_notify(iface->net, iface->net); /* whoever waits for an address */
}

void net_apply(struct net_if *iface, bool wanted, bool link_changed) {
    const struct fixed *f = wanted ? find(iface->name) : NULL;
    if (iface->dhcp && (f || !wanted))
        give_up_lease(iface);
    if (f)
        set_fixed(iface, &f->settings, link_changed);
    else if (!iface->dhcp && iface->ip)
        net_set_address(iface, 0, 0, 0);
    if (wanted && !f && iface->link_up && (link_changed || !iface->dhcp))
        dhcp_start(iface); /* no memory: once more when something happens */
}

/* `ip=[card:]address...` */
static void from_cmdline(void) {
    char text[NET_SETTINGS_TEXT + 16], *address = text;
    const char *card = FIRST_CARD;
    struct net_settings s;
    if (!cmdline_get("ip", text, sizeof text))
        return;
    char *colon = strchr(text, ':');
    if (colon) {
        *colon = '\0';
        card = text;
        address = colon + 1;
    }
    const char *why = net_settings_parse(address, &s);
    if (why)
        log_error("NET", "ip=%s is not used: %s", address, why);
    else
        net_settings_remember(card, &s);
}

void net_settings_load(void) {
    static bool loaded;
    if (loaded)
        return;
    loaded = true;
    if (net_settings_load_hook)
        net_settings_load_hook();
    from_cmdline();
}

int net_settings_save(const char *path) {
    return net_settings_save_hook ? net_settings_save_hook(path) : -EOPNOTSUPP;
}
