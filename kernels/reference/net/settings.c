/* An interface's address as people write it: "dhcp", or "10.0.2.15/24,gw=10.0.2.2,dns=10.0.2.3". Nonsense is refused with the
 * reason, before it cuts a machine off. */
#include <auton/klog.h>
#include <auton/net.h>
#include <auton/string.h>
#include "stack.h"

#define LONGEST_PREFIX 30 /* bits: two machines, the network's own address and its broadcast */

static ip_addr_t mask_of(unsigned bits) {
    return bits ? 0xFFFFFFFFu << (32 - bits) : 0;
}

/* 0 for a mask with gaps. */
static unsigned bits_of(ip_addr_t mask) {
    unsigned bits = 0;
    while (bits < 32 && mask & 0x80000000u >> bits)
        bits++;
    return mask_of(bits) == mask ? bits : 0;
}

static bool is_machine(ip_addr_t ip) {
    return ip >> 24 != 0 && ip >> 24 != 127 && !ip_is_multicast(ip);
}

static const char *check(const struct net_settings *s) {
    unsigned bits = bits_of(s->mask);
    if (!s->ip)
        return "there is no address in it";
    if (!is_machine(s->ip))
        return "no machine can have that address";
    if (!s->mask)
        return "it does not say how large the network is, as /24 does in 10.0.2.15/24";
    if (!bits || bits > LONGEST_PREFIX)
        return "the network's part of an address is its first 1 to 30 bits";
    if ((s->ip & ~s->mask) == 0)
        return "that is the address of the network itself, not of a machine in it";
    if ((s->ip & ~s->mask) == ~s->mask)
        return "that is the address for everybody in the network";
    if (s->gateway && (s->gateway & s->mask) != (s->ip & s->mask))
        return "the gateway is not in that network, so it could not be reached";
    if (s->gateway && (s->gateway == s->ip || (s->gateway & ~s->mask) == 0 || (s->gateway & ~s->mask) == ~s->mask))
        return "that gateway is no other machine of the network";
    if (s->dns && !is_machine(s->dns))
        return "no name server can have that address";
    return NULL;
}

static bool read_prefix(char *text, ip_addr_t *mask) {
    uint64_t bits;
    if (!parse_u64(text, &bits) || bits > 32)
        return false;
    *mask = mask_of((unsigned)bits);
    return bits != 0;
}

/* One part between commas. */
static const char *read_part(char *part, struct net_settings *s) {
    static const struct {
        const char *key;
        size_t field;
    } KEYS[] = {{"gw=", offsetof(struct net_settings, gateway)},
                {"dns=", offsetof(struct net_settings, dns)},
                {"mask=", offsetof(struct net_settings, mask)}};
    for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++) {
        size_t n = strlen(KEYS[i].key);
        if (strncmp(part, KEYS[i].key, n) == 0)
            return ip_parse(part + n, (ip_addr_t *)((char *)s + KEYS[i].field)) ? NULL : "an address is four numbers up to 255";
    }
    if (s->ip)
        return "only gw=, dns= and mask= can follow the address";
    char *slash = strchr(part, '/');
    if (slash)
        *slash = '\0';
    if (!ip_parse(part, &s->ip))
        return "an address is four numbers up to 255, as in 10.0.2.15/24";
    return !slash || read_prefix(slash + 1, &s->mask) ? NULL : "the network's part of an address is its first 1 to 30 bits";
}

const char *net_settings_parse(const char *text, struct net_settings *out) {
    char copy[NET_SETTINGS_TEXT];
    *out = (struct net_settings){.dhcp = strcmp(text, "dhcp") == 0};
    if (out->dhcp)
        return NULL;
    if (strlcpy(copy, text, sizeof copy) >= sizeof copy)
        return "it is too long";
    for (char *part = copy, *comma; part; part = comma) {
        if ((comma = strchr(part, ',')) != NULL)
            *comma++ = '\0';
        const char *why = read_part(part, out);
        if (why)
            return why;
    }
    return check(out);
}

const char *net_settings_format(const struct net_settings *s, char out[NET_SETTINGS_TEXT]) {
    char text[IP_TEXT];
    if (s->dhcp) {
        strlcpy(out, "dhcp", NET_SETTINGS_TEXT);
        return out;
    }
    ksnprintf(out, NET_SETTINGS_TEXT, "%s/%u", ip_format(s->ip, text), bits_of(s->mask));
    const struct {
        const char *key;
        ip_addr_t ip;
    } more[] = {{"gw", s->gateway}, {"dns", s->dns}};
    for (size_t i = 0; i < ARRAY_SIZE(more); i++)
        if (more[i].ip) {
            size_t n = strlen(out);
            ksnprintf(out + n, NET_SETTINGS_TEXT - n, ",%s=%s", more[i].key, ip_format(more[i].ip, text));
        }
    return out;
}
