/* What the SLM tells and does about the network: its state, and why it does not work, found by trying. */
#include <auton/errno.h>
#include <auton/net.h>
#include <auton/netdev.h>
#include <auton/slm_skill.h>
#include <auton/string.h>
#include <auton/types.h>
#include "commands.h"

#define INTERFACES 8
#define PING_BYTES 56
#define PING_TIMEOUT_MS 1000
#define RESOLVE_TIMEOUT_MS 3000

static struct net_interface interfaces[INTERFACES];
static size_t interface_count;

static void read_interfaces(void) {
    interface_count = net_interfaces(interfaces, INTERFACES);
}

static bool is_loopback(const struct net_interface *i) {
    return i->ip == IP_LOOPBACK || strcmp(i->name, "lo") == 0;
}

/* The card that matters most: one with an address, else one with a link, else any; NULL when there is none. */
static const struct net_interface *card(void) {
    const struct net_interface *best = NULL;
    for (size_t i = 0; i < interface_count; i++) {
        const struct net_interface *c = &interfaces[i];
        if (!is_loopback(c) && (!best || (c->ip && !best->ip) || (c->link_up && !best->link_up && !best->ip)))
            best = c;
    }
    return best;
}

static void status(const struct slm_ask *ask, slm_result_t *out) {
    char ip[IP_TEXT], gateway[IP_TEXT], dns[IP_TEXT];
    read_interfaces();
    if (!card())
        ask->say(out, "There is no network card that this kernel drives.\n");
    for (size_t i = 0; i < interface_count; i++) {
        const struct net_interface *c = &interfaces[i];
        if (is_loopback(c))
            continue;
        ask->say(out, "%s: link %s, ", c->name, c->link_up ? "up" : "down");
        if (!c->ip)
            ask->say(out, "no address%s.\n", c->dhcp ? " (asking for one by DHCP)" : "");
        else
            ask->say(out, "address %s%s, gateway %s, name server %s.\n", ip_format(c->ip, ip), c->dhcp ? " by DHCP" : "",
                     c->gateway ? ip_format(c->gateway, gateway) : "none", c->dns ? ip_format(c->dns, dns) : "none");
    }
}
#define NETWORK "network networking internet net ethernet lan connection online wifi"
SLM_SKILL(network_status, .name = "network-status", .intent = INTENT_SYSTEM_MANAGE,
          .words = {NETWORK, "up status state online connected working reachable running alive check show configured"},
          .none = "driver card device controller hardware why down broken open connections cards devices install set+up "
                  "not+work use",
          .answer = status);
SLM_SKILL(network_address, .name = "network-address", .intent = INTENT_SYSTEM_MANAGE,
          .words = {"ip+address ip+addr my+ip ipconfig ifconfig an+ip address+do+i our+ip"},
          .none = "set static configure change why resolve lookup pci memory", .answer = status);

/* From the card outwards, until something does not hold. */
static void diagnose(const struct slm_ask *ask, slm_result_t *out) {
    char a[IP_TEXT];
    uint32_t us;
    ip_addr_t found;
    read_interfaces();
    const struct net_interface *c = card();
    if (!c) {
        ask->say(out, "1. No network card is driven by this kernel. Ask me which devices have no driver.\n");
        return;
    }
    ask->say(out, "1. %s is there and driven.\n", c->name);
    if (!c->link_up) {
        ask->say(out, "2. It has no link: the cable is not plugged in, or the other end is off. That is the reason.\n");
        return;
    }
    ask->say(out, "2. Its link is up.\n");
    if (!c->ip) {
        ask->say(out, "3. It has no address%s. That is the reason.\n",
                 c->dhcp ? ": no DHCP server has answered yet; it is asked again and again" : "");
        return;
    }
    ask->say(out, "3. Its address is %s.\n", ip_format(c->ip, a));
    if (!c->gateway) {
        ask->say(out, "4. It has no gateway: only machines of its own network can be reached. %s named none.\n",
                 c->dhcp ? "The DHCP server" : "Whoever set that address");
        return;
    }
    int ping = net_ping(c->gateway, PING_BYTES, PING_TIMEOUT_MS, &us);
    if (ping != 0) {
        ask->say(out, "4. The gateway %s does not answer an echo: %s. That may be the reason.\n",
                 ip_format(c->gateway, a), net_why(ping));
        return;
    }
    ask->say(out, "4. The gateway %s answers in %u.%03u ms.\n", ip_format(c->gateway, a), us / 1000, us % 1000);
    int name = c->dns ? net_resolve("example.org", &found, RESOLVE_TIMEOUT_MS) : -ENETUNREACH;
    if (!c->dns)
        ask->say(out, "5. No name server is known: names cannot be looked up, addresses work.\n");
    else if (name != 0)
        ask->say(out, "5. The name server %s was asked for example.org: %s. So addresses work here and names do not.\n",
                 ip_format(c->dns, a), net_why(name));
    else
        ask->say(out, "5. Names are found: example.org is %s. I find nothing wrong.\n", ip_format(found, a));
}
SLM_SKILL(network_trouble, .name = "network-trouble", .intent = INTENT_TROUBLESHOOT,
          .words = {NETWORK " gateway dhcp", "down broken why wrong fail dead unreachable trouble diagnose repair fix "
                             "not+work no+internet no+network problem cannot lost stopped slow offline"},
          .none = "driver firmware", .example = "why is the network down", .answer = diagnose);

static void ping(const struct slm_ask *ask, slm_result_t *out) {
    char text[IP_TEXT];
    ip_addr_t ip;
    uint32_t us;
    if (!ask->host[0]) {
        ask->say(out, "Which machine? Say its name or address, as in \"ping 10.0.2.2\".\n");
        return;
    }
    int result = net_resolve(ask->host, &ip, RESOLVE_TIMEOUT_MS);
    if (result == 0)
        result = net_ping(ip, PING_BYTES, PING_TIMEOUT_MS, &us);
    if (result != 0) {
        out->status = SLM_ERROR;
        ask->say(out, "%s: %s.\n", ask->host, net_why(result));
        return;
    }
    ip_format(ip, text);
    ask->say(out, strcmp(text, ask->host) == 0 ? "%s answers" : "%s (%s) answers", ask->host, text);
    ask->say(out, " in %u.%03u ms.\n", us / 1000, us % 1000);
}
SLM_SKILL(ping, .name = "network-ping", .intent = INTENT_TROUBLESHOOT,
          .unmistakable = true, .words = {"ping reach reachable answer alive", "10.0.0.1 host server machine gateway com org net"},
          .none = "gateway+why how+long", .answer = ping);

static void look_up(const struct slm_ask *ask, slm_result_t *out) {
    char text[IP_TEXT];
    ip_addr_t ip;
    if (!ask->host[0]) {
        ask->say(out, "Which name? As in \"look up example.org\".\n");
        return;
    }
    int result = net_resolve(ask->host, &ip, RESOLVE_TIMEOUT_MS);
    if (result != 0) {
        out->status = SLM_ERROR;
        ask->say(out, "%s: %s.\n", ask->host, net_why(result));
        return;
    }
    ask->say(out, "%s is %s.\n", ask->host, ip_format(ip, text));
}
SLM_SKILL(look_up, .name = "network-lookup", .intent = INTENT_SYSTEM_MANAGE,
          .unmistakable = true,
          .words = {"resolve lookup look+up nslookup dig dns address+of ip+of", "org com net name host address"},
          .none = "driver device pci 10.0.0.1", .answer = look_up);

static void connections(const struct slm_ask *ask, slm_result_t *out) {
    static struct net_connection list[24];
    char a[IP_TEXT], b[IP_TEXT];
    size_t n = net_connections(list, ARRAY_SIZE(list)), shown = n < ARRAY_SIZE(list) ? n : ARRAY_SIZE(list);
    for (size_t i = 0; i < shown; i++) {
        const struct net_connection *c = &list[i];
        ask->say(out, "%s %s:%u", c->tcp ? "TCP" : "UDP", c->local_ip ? ip_format(c->local_ip, a) : "*", c->local_port);
        if (c->remote_port)
            ask->say(out, " with %s:%u", ip_format(c->remote_ip, b), c->remote_port);
        ask->say(out, "%s%s\n", c->state[0] ? " " : "", c->state);
    }
    ask->say(out, n ? "%zu in all.\n" : "There are no connections and no open ports.\n", n);
}
SLM_SKILL(connections, .name = "network-connections", .intent = INTENT_SYSTEM_MANAGE,
          .unmistakable = true,
          .words = {"connection connections socket sockets port ports netstat listening",
                    "open list show active listening listen established what which who"},
          .none = "serial usb why driver", .answer = connections);
