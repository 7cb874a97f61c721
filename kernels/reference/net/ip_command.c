/* `ip`: shows the interfaces, and gives one an address. */
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/net.h>
#include <auton/shell.h>
#include <auton/string.h>
#include "commands.h"

static int show(void) {
    struct net_interface ifs[8];
    char a[IP_TEXT], b[IP_TEXT], c[IP_TEXT], d[IP_TEXT];
    size_t n = net_interfaces(ifs, ARRAY_SIZE(ifs));
    for (size_t i = 0; i < n; i++) {
        const struct net_interface *f = &ifs[i];
        kprintf("%-5s link %s  %02x:%02x:%02x:%02x:%02x:%02x\n", f->name, f->link_up ? "up  " : "down", f->mac[0],
                f->mac[1], f->mac[2], f->mac[3], f->mac[4], f->mac[5]);
        if (f->ip)
            kprintf("      IP %s  mask %s  gateway %s  DNS %s\n", ip_format(f->ip, a), ip_format(f->mask, b),
                    f->gateway ? ip_format(f->gateway, c) : "none", f->dns ? ip_format(f->dns, d) : "none");
        else
            kprintf("      no address%s\n", f->dhcp ? ": asking for one by DHCP" : "");
        if (f->dhcp && f->ip)
            kprintf("      by DHCP, for %u s more\n", f->lease_left_s);
        if (i > 0)
            kprintf("      received %lu frames, %lu bytes, %lu dropped; sent %lu frames, %lu bytes, %lu dropped\n",
                    f->rx_frames, f->rx_bytes, f->rx_dropped, f->tx_frames, f->tx_bytes, f->tx_dropped);
    }
    if (n <= 1)
        kputs("There is no network card that this kernel drives.\n");
    return 0;
}
const char *net_settings_keep(void) {
    int result = net_settings_save(NET_SETTINGS_FILE);
    return result == 1               ? "kept in " NET_SETTINGS_FILE
           : result == 0             ? "kept until the machine restarts, for / is in memory"
           : result == -EOPNOTSUPP   ? "kept until the machine restarts, for this kernel has no files"
                                     : "kept until the machine restarts: " NET_SETTINGS_FILE " cannot be written";
}

/* The words of the command as one text with commas: "gw 10.0.2.2" and "gw=10.0.2.2" are the same. */
static void join(int count, char **words, char *out, size_t size) {
    bool after_key = true;
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        bool is_key = strcmp(words[i], "gw") == 0 || strcmp(words[i], "dns") == 0 || strcmp(words[i], "mask") == 0;
        strlcat(out, after_key ? "" : ",", size);
        strlcat(out, words[i], size);
        strlcat(out, is_key ? "=" : "", size);
        after_key = is_key;
    }
}

static int set(int argc, char **argv) {
    struct net_settings settings;
    char text[NET_SETTINGS_TEXT + 1];
    bool named = argc > 1 && argv[0][0] >= 'a' && !strchr(argv[0], '='); /* cards begin with a letter, addresses do not */
    const char *card = named ? argv[0] : "eth0";
    join(argc - named, argv + named, text, sizeof text);
    const char *why = net_settings_parse(text, &settings);
    if (why) {
        kprintf("ip: %s: %s\n", text, why);
        return 1;
    }
    int result = net_configure(card, &settings);
    if (result != 0 && result != -EAGAIN) {
        kprintf("ip: %s: %s\n", card, result == -ENODEV ? "there is no such network card" : "too many are set already");
        return 1;
    }
    kprintf("%s: %s, %s%s\n", card, net_settings_format(&settings, text), net_settings_keep(),
            result == -EAGAIN ? "; it counts as soon as the service network runs" : "");
    return 0;
}

static int ip_command(int argc, char **argv) {
    if (argc == 1)
        return show();
    if (strcmp(argv[1], "set") != 0 || argc == 2)
        return SHELL_NOT_A_COMMAND;
    return set(argc - 2, argv + 2);
}
SHELL_COMMAND(ip, "ip [set [card] dhcp|address/bits ...]", "Show the addresses, or set one: ip set eth0 10.0.2.15/24 gw 10.0.2.2 dns 10.0.2.3",
              ip_command);
