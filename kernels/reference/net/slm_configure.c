/* What the SLM does to the network: an address that is told in words, and back to DHCP. */
#include <auton/errno.h>
#include <auton/net.h>
#include <auton/slm_skill.h>
#include <auton/string.h>
#include "commands.h"

#define INTERFACES 8
#define PING_BYTES 56
#define PING_TIMEOUT_MS 1000

/* What was planned; the step must not read the line anew. */
static struct {
    char card[16];
    struct net_settings settings;
} planned;

/* The interface that the line names, else the only card; false has told why not. */
static bool find_card(const struct slm_ask *ask, slm_result_t *out, struct net_interface *card) {
    static struct net_interface list[INTERFACES];
    size_t n = net_interfaces(list, INTERFACES), cards = 0;
    for (size_t i = 0; i < n; i++) {
        if (list[i].ip == IP_LOOPBACK || (ask->interface[0] && strcmp(list[i].name, ask->interface) != 0))
            continue;
        *card = list[i];
        cards++;
    }
    if (cards == 1)
        return true;
    out->status = SLM_UNSUPPORTED;
    if (ask->interface[0])
        ask->say(out, "There is no network card named %s.\n", ask->interface);
    else
        ask->say(out, cards ? "Which card? Name it, as in \"set the address of eth0 to 10.0.2.15/24\".\n"
                            : "There is no network card that this kernel drives.\n");
    return false;
}

static bool is_address_char(char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == '/';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Which part of the settings an address is, by the last word before it that tells: "gw=", "dns=", "mask=", or "". */
static const char *key_of(const char *word, size_t length) {
    static const struct {
        const char *word, *key;
    } KEYS[] = {{"gateway", "gw="}, {"gw", "gw="}, {"router", "gw="}, {"via", "gw="}, {"dns", "dns="}, {"nameserver", "dns="},
                {"server", "dns="}, {"resolver", "dns="}, {"mask", "mask="}, {"netmask", "mask="}, {"address", ""},
                {"ip", ""}};
    for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++) {
        char lower[12];
        for (size_t c = 0; c < length && c < sizeof lower; c++)
            lower[c] = (char)(word[c] | 0x20);
        if (strlen(KEYS[i].word) == length && strncmp(lower, KEYS[i].word, length) == 0)
            return KEYS[i].key;
    }
    return NULL;
}

/* "set the address of eth0 to 10.0.2.50/24 with gateway 10.0.2.2" as net_settings_parse() takes it. */
static void read_line(const char *line, char *out, size_t size) {
    const char *key = "";
    out[0] = '\0';
    while (*line) {
        size_t n = 0;
        if (is_letter(*line)) {
            while (is_letter(line[n]) || (line[n] >= '0' && line[n] <= '9'))
                n++;
            const char *found = key_of(line, n);
            key = found ? found : key;
        } else if (*line >= '0' && *line <= '9') {
            while (is_address_char(line[n]))
                n++;
            size_t length = line[n - 1] == '.' ? n - 1 : n; /* the end of the sentence */
            char word[24];
            strlcpy(word, line, length + 1 < sizeof word ? length + 1 : sizeof word);
            strlcat(out, *out ? "," : "", size);
            strlcat(out, key, size);
            strlcat(out, word, size);
            key = "";
        }
        line += n ? n : 1;
    }
}

static void say_now(const struct slm_ask *ask, slm_result_t *out, const struct net_interface *card) {
    char ip[IP_TEXT];
    if (card->ip)
        ask->say(out, "Plan for %s, now %s%s:\n", card->name, ip_format(card->ip, ip), card->dhcp ? " by DHCP" : "");
    else
        ask->say(out, "Plan for %s, which has no address:\n", card->name);
}

static void plan(const struct slm_ask *ask, slm_result_t *out, const char *text) {
    struct net_interface card;
    char address[NET_SETTINGS_TEXT];
    if (!find_card(ask, out, &card))
        return;
    const char *why = net_settings_parse(text, &planned.settings);
    if (why) {
        out->status = SLM_UNSUPPORTED;
        ask->say(out, "I do not set that address: %s.\n", why);
        return;
    }
    strlcpy(planned.card, card.name, sizeof planned.card);
    say_now(ask, out, &card);
    if (planned.settings.dhcp)
        ask->say(out, "1. Ask for an address by DHCP, now and after each start.\n");
    else
        ask->say(out, "1. Give it %s instead, now and after each start.\n", net_settings_format(&planned.settings, address));
    out->plan_steps = 1;
}

static void propose_address(const struct slm_ask *ask, slm_result_t *out) {
    char text[NET_SETTINGS_TEXT + 1];
    read_line(ask->line, text, sizeof text);
    plan(ask, out, text);
}

static void ask_for_address(const struct slm_ask *ask, slm_result_t *out) {
    ask->say(out, "Which one? Say it with the size of the network, as in \"set the address of eth0 to 10.0.2.50/24 with gateway "
                  "10.0.2.2\".\n");
}

static void propose_dhcp(const struct slm_ask *ask, slm_result_t *out) {
    plan(ask, out, "dhcp");
}

static void try_gateway(const struct slm_ask *ask, slm_result_t *out) {
    char ip[IP_TEXT];
    uint32_t us;
    if (!planned.settings.gateway)
        return;
    int result = net_ping(planned.settings.gateway, PING_BYTES, PING_TIMEOUT_MS, &us);
    ip_format(planned.settings.gateway, ip);
    if (result == 0)
        ask->say(out, "The gateway %s answers.\n", ip);
    else
        ask->say(out, "The gateway %s does not answer, though: %s. \"use dhcp again\" goes back.\n", ip, net_why(result));
}

static void act(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    char address[NET_SETTINGS_TEXT];
    (void)step;
    int result = net_configure(planned.card, &planned.settings);
    if (result != 0 && result != -EAGAIN) {
        out->status = SLM_ERROR;
        ask->say(out, "It did not work: %s.\n", result == -ENODEV ? "the card has gone" : "too many are set already");
        return;
    }
    if (planned.settings.dhcp)
        ask->say(out, "%s asks for its address by DHCP; that is %s.\n", planned.card, net_settings_keep());
    else
        ask->say(out, "%s has %s; that is %s.\n", planned.card, net_settings_format(&planned.settings, address),
                 net_settings_keep());
    if (result == -EAGAIN)
        ask->say(out, "It counts as soon as the service network runs.\n");
    else
        try_gateway(ask, out);
}

SLM_SKILL(network_set_address, .name = "network-set-address", .intent = INTENT_INSTALL_CONFIGURE,
          .words = {"set change configure assign give use make set+up", "address ip addr static gateway netmask eth0 eth1",
                    "10.0.0.1"},
          .none = "why ping resolve lookup route pci memory mac hardware",
          .example = "set the address of eth0 to 10.0.2.50/24 with gateway 10.0.2.2", .answer = propose_address, .act = act);
SLM_SKILL(network_which_address, .name = "network-which-address", .intent = INTENT_INSTALL_CONFIGURE,
          .words = {"set change configure assign give use make set+up",
                    "static+ip static+address ip+address fixed+address fixed+ip address+of+eth0 eth0's+address"},
          .none = "why ping resolve lookup pci memory mac hardware what which 10.0.0.1", .answer = ask_for_address);
SLM_SKILL(network_dhcp, .name = "network-dhcp", .intent = INTENT_INSTALL_CONFIGURE,
          .words = {"dhcp", "use set switch back return again turn+on enable configure want"},
          .none = "why server off disable stop without 10.0.0.1 log status", .example = "use dhcp again",
          .answer = propose_dhcp, .act = act);
